package stack

import (
	"slices"
	"strings"

	"github.com/karmacadabra/karmactl/internal/awssim"
)

// drift is one change behind our back: the key whose plan shows it, the field
// under which it does ("" when the thing is gone and is made again), and the edit,
// which tells whether there was anything to edit.
type drift struct {
	key   string
	field string
	edit  func(w *awssim.World) bool
}

func (d drift) kind() string {
	kind, _, _ := strings.Cut(d.key, "/")
	return kind
}

func drifts() []drift {
	return slices.Concat(networkDrifts(), edgeDrifts(), platformDrifts(), volumeDrifts(), watchingDrifts(), serviceDrifts(), revisionDrifts(), jobDrifts())
}

// driftsByName tells them apart for tests that draw one.
func driftsByName() map[string]drift {
	out := map[string]drift{}
	for _, d := range drifts() {
		name := d.key + " " + d.field
		if _, taken := out[name]; taken {
			name += " otherwise"
		}
		out[name] = d
	}
	return out
}

// one edits the thing of a key.
func one[T any](all map[string]*T, key string, tags func(*T) map[string]string, edit func(*T)) bool {
	for _, x := range all {
		if tags(x)["karmactl:key"] == key {
			edit(x)
			return true
		}
	}
	return false
}

func vpcTags(v *awssim.VPC) map[string]string                     { return v.Tags }
func subnetTags(v *awssim.Subnet) map[string]string               { return v.Tags }
func securityGroupTags(v *awssim.SecurityGroup) map[string]string { return v.Tags }
func gatewayTags(v *awssim.InternetGateway) map[string]string     { return v.Tags }
func routeTableTags(v *awssim.RouteTable) map[string]string       { return v.Tags }
func endpointTags(v *awssim.VPCEndpoint) map[string]string        { return v.Tags }
func balancerTags(v *awssim.LoadBalancer) map[string]string       { return v.Tags }
func targetGroupTags(v *awssim.TargetGroup) map[string]string     { return v.Tags }
func listenerTags(v *awssim.Listener) map[string]string           { return v.Tags }
func ruleTags(v *awssim.ListenerRule) map[string]string           { return v.Tags }
func certificateTags(v *awssim.Certificate) map[string]string     { return v.Tags }
func roleTags(v *awssim.IAMRole) map[string]string                { return v.Tags }
func logGroupTags(v *awssim.LogGroup) map[string]string           { return v.Tags }
func repositoryTags(v *awssim.Repository) map[string]string       { return v.Tags }
func alarmTags(v *awssim.Alarm) map[string]string                 { return v.Tags }
func scalableTags(v *awssim.ScalableTarget) map[string]string     { return v.Tags }
func secretTags(v *awssim.Secret) map[string]string               { return v.Tags }

// idOf is the id of the thing of a key.
func idOf[T any](all map[string]*T, key string, tags func(*T) map[string]string) string {
	for id, x := range all {
		if tags(x)["karmactl:key"] == key {
			return id
		}
	}
	return ""
}
