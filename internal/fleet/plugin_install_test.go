package fleet

import (
	"slices"
	"strings"
	"testing"
)

func TestThePluginIsInstalledAsAWSSaysForThisMachine(t *testing.T) {
	for _, c := range []struct{ system, machine, programs, want string }{
		{"linux", "amd64", "dpkg", "curl -fsSO https://s3.amazonaws.com/session-manager-downloads/plugin/latest/ubuntu_64bit/session-manager-plugin.deb && sudo dpkg -i session-manager-plugin.deb"},
		{"linux", "arm64", "dpkg", "/ubuntu_arm64/session-manager-plugin.deb"},
		{"linux", "amd64", "dnf yum", "sudo dnf install -y https://s3.amazonaws.com/session-manager-downloads/plugin/latest/linux_64bit/session-manager-plugin.rpm"},
		{"linux", "arm64", "yum", "sudo yum install -y https://s3.amazonaws.com/session-manager-downloads/plugin/latest/linux_arm64/session-manager-plugin.rpm"},
		{"linux", "amd64", "apk", pluginPage},
		{"linux", "riscv64", "dpkg", pluginPage},
		{"darwin", "arm64", "brew", "brew install --cask session-manager-plugin"},
		{"darwin", "arm64", "", "/mac_arm64/session-manager-plugin.pkg && sudo installer -pkg session-manager-plugin.pkg -target / && sudo ln -s"},
		{"darwin", "amd64", "", "/latest/mac/session-manager-plugin.pkg"},
		{"windows", "amd64", "", "/windows/SessionManagerPluginSetup.exe"},
		{"freebsd", "amd64", "", pluginPage},
	} {
		got := installPlugin(c.system, c.machine, func(p string) bool { return slices.Contains(strings.Fields(c.programs), p) })
		if !strings.Contains(got, c.want) {
			t.Errorf("%s on %s with %q: %s\nwant %s", c.system, c.machine, c.programs, got, c.want)
		}
	}
}
