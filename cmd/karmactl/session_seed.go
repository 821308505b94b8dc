package main

import (
	"errors"
	"io/fs"
	"os"
	"strings"

	"github.com/karmacadabra/karmactl/internal/agents"
	"github.com/karmacadabra/karmactl/internal/awssim"
	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/provision"
)

// newWorld tells whether the simulated account is yet to be made.
func newWorld(path string) bool {
	_, err := os.Stat(path)
	return errors.Is(err, fs.ErrNotExist)
}

// seedOf is what a new simulated account gets, so that the file can be rehearsed: the
// hosted zone, the certificate, the VPC, the file systems, the topics, the managed policies, the secrets of registries, the secrets and
// parameters that `from` names, and images in the account's own registry. In AWS their owner has made them.
func seedOf(cfg *agents.Config) awssim.Seed {
	seed := awssim.Seed{Secrets: map[string][]string{}, Images: map[string]string{}}
	if domain := cfg.LoadBalancer.Domain; domain != "" {
		zone := cfg.LoadBalancer.Zone
		if zone == "" {
			zone = domain
			if strings.Count(domain, ".") > 1 {
				_, zone, _ = strings.Cut(domain, ".")
			}
		}
		seed.Zones = append(seed.Zones, zone)
	}
	if arn := cfg.LoadBalancer.Certificate; arn != "" {
		seed.Certificates = map[string][]string{arn: cfg.HTTPSNames()}
	}
	seed.Network = awssim.SeedNetwork{VPC: cfg.Network.VPC, Public: cfg.Network.Public, Private: cfg.Network.Private}
	for _, v := range cfg.GivenVolumes() {
		seed.Files = append(seed.Files, awssim.SeedFiles{FileSystem: v.EFS, AccessPoint: v.AccessPoint, Directory: v.Directory})
	}
	seed.Topics = cfg.Observability.Alarms.Topics
	seed.Policies = append(seed.Policies, cfg.Boundary)
	for _, secret := range cfg.Registries {
		seed.Secrets[secret] = append(seed.Secrets[secret], "username", "password")
	}
	for _, a := range cfg.Owners() {
		seed.Policies = append(seed.Policies, provision.ManagedPolicies(a.Permissions)...)
		for _, s := range a.AllSecrets() {
			switch {
			case s.From == "" || s.Optional:
			case strings.HasPrefix(s.From, "/"):
				seed.Parameters = append(seed.Parameters, s.From)
			case strings.Contains(s.From, ":ssm:"):
				_, path, _ := strings.Cut(s.From, ":parameter")
				seed.Parameters = append(seed.Parameters, path)
			case s.Key == "":
				seed.Secrets[s.From] = append(seed.Secrets[s.From], []string{}...)
			default:
				seed.Secrets[s.From] = append(seed.Secrets[s.From], s.Key)
			}
		}
		images := []string{a.Image}
		for _, c := range a.Containers() {
			images = append(images, c.Image)
		}
		for _, image := range images {
			if repository, tag, ok := ownImage(image, cfg); ok {
				seed.Images[repository] = tag
			}
		}
	}
	return seed
}

// ownImage takes an image of the account's registry apart. The agents' own
// repositories are made by up, and what is there by digest cannot be made up.
func ownImage(image string, cfg *agents.Config) (repository, tag string, ok bool) {
	host, rest, found := strings.Cut(image, "/")
	if !found || host != awssim.DefaultAccount+".dkr.ecr."+cfg.Region+"."+cloud.DNSSuffix(cfg.Region) || strings.Contains(rest, "@") {
		return "", "", false
	}
	repository, tag, found = strings.Cut(rest, ":")
	if !found {
		tag = "latest"
	}
	for _, a := range cfg.Agents {
		if repository == cfg.Project+"/"+a.Name {
			return "", "", false
		}
	}
	return repository, tag, true
}
