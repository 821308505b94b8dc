package stack

import "github.com/karmacadabra/karmactl/internal/awssim"

func volumeDrifts() []drift {
	target := func(edit func(*awssim.World, *awssim.MountTarget)) func(*awssim.World) bool {
		return func(w *awssim.World) bool {
			for _, m := range w.MountTargets {
				if m.AZ == "us-east-1a" {
					edit(w, m)
					return true
				}
			}
			return false
		}
	}
	return []drift{
		{"mount-target/us-east-1a", "security_groups", target(func(w *awssim.World, m *awssim.MountTarget) {
			m.Groups = []string{idOf(w.SecurityGroups, "sg/agents", securityGroupTags)}
		})},
		{"mount-target/us-east-1a", "", target(func(w *awssim.World, m *awssim.MountTarget) {
			delete(w.NetworkInterfaces, m.Interface)
			delete(w.MountTargets, m.ID)
		})},
		{"access-point/validator/memory", "", func(w *awssim.World) bool {
			id := idOf(w.AccessPoints, "access-point/validator/memory", func(a *awssim.AccessPoint) map[string]string { return a.Tags })
			delete(w.AccessPoints, id)
			return id != ""
		}},
	}
}
