package fleet

import (
	"os/exec"
	"runtime"
)

const (
	pluginDownloads = "https://s3.amazonaws.com/session-manager-downloads/plugin/latest/"
	pluginPage      = "https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-install-plugin.html"
)

// missing tells how to install AWS's plugin on this machine; nil where it is there. Nothing
// is installed: most of it is for root.
func (p *SessionPlugin) missing() *Missing {
	if p.Rehearsal || has(pluginName) {
		return nil
	}
	return &Missing{"AWS's " + pluginName + " is not installed: it carries the session's traffic", installPlugin(runtime.GOOS, runtime.GOARCH, has)}
}

func has(program string) bool {
	_, err := exec.LookPath(program)
	return err == nil
}

// installPlugin is the command of AWS's documentation for an operating system, in one line,
// or the page where it has none.
func installPlugin(system, machine string, has func(program string) bool) string {
	if machine != "amd64" && machine != "arm64" {
		return pluginPage
	}
	of := func(amd64, arm64 string) string {
		if machine == "arm64" {
			return pluginDownloads + arm64
		}
		return pluginDownloads + amd64
	}
	switch rpm := of("linux_64bit", "linux_arm64") + "/session-manager-plugin.rpm"; {
	case system == "darwin" && has("brew"): // which needs no root
		return "brew install --cask session-manager-plugin"
	case system == "darwin":
		return "curl -fsSO " + of("mac", "mac_arm64") + "/session-manager-plugin.pkg && sudo installer -pkg session-manager-plugin.pkg -target / && " +
			"sudo ln -s /usr/local/sessionmanagerplugin/bin/session-manager-plugin /usr/local/bin/session-manager-plugin"
	case system == "windows": // AWS has one for both
		return "curl.exe -fsSO " + pluginDownloads + "windows/SessionManagerPluginSetup.exe; .\\SessionManagerPluginSetup.exe"
	case system != "linux":
		return pluginPage
	case has("dpkg"):
		return "curl -fsSO " + of("ubuntu_64bit", "ubuntu_arm64") + "/session-manager-plugin.deb && sudo dpkg -i session-manager-plugin.deb"
	case has("dnf"):
		return "sudo dnf install -y " + rpm
	case has("yum"):
		return "sudo yum install -y " + rpm
	}
	return pluginPage
}
