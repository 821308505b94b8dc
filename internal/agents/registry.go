package agents

import (
	"strings"

	"github.com/karmacadabra/karmactl/internal/lazyregexp"
)

// DockerHub is the registry of an image that names none.
const DockerHub = "docker.io"

var (
	registryRule = textRule{
		pattern: lazyregexp.New(`^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?$`), near: domainOf, most: 255, allowed: "the host of a registry such as ghcr.io, or docker.io",
		refuse: func(s string) string {
			if strings.Contains(s, ".dkr.ecr.") {
				return "a registry that is not ECR: ECR takes the rights of the agent's role"
			}
			return ""
		},
	}
	registrySecretRule = textRule{
		pattern: lazyregexp.New(`^(arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]+|[A-Za-z0-9/_+=.@-]+)$`), most: 600,
		allowed: `the name or ARN of a secret in Secrets Manager whose value is {"username": "…", "password": "…"}`,
	}
)

// RegistryOf is the host of the registry that an image is in, as Docker reads it.
func RegistryOf(image string) string {
	host, _, more := strings.Cut(image, "/")
	switch {
	case image == "":
		return ""
	case !more || !strings.ContainsAny(host, ".:") && host != "localhost", host == "index.docker.io":
		return DockerHub
	}
	return host
}
