package awssim

import (
	"net/http"
	"strings"
)

// registryNeeds are the IAM actions that ECR asks for a request of the registry's
// protocol. A mount reads a layer of another repository.
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-push-iam.html
func (s *Sim) registryNeeds(r *http.Request, repository string) []need {
	on := func(repository string, actions ...string) []need {
		var all []need
		for _, a := range actions {
			all = append(all, need{action: "ecr:" + a, resource: s.world.arn("ecr", "repository/"+repository)})
		}
		return all
	}
	switch blobs := strings.Contains(r.URL.Path, "/blobs/"); {
	case !blobs && r.Method == http.MethodPut:
		return on(repository, "PutImage")
	case !blobs:
		return on(repository, "BatchGetImage")
	case r.Method == http.MethodHead:
		return on(repository, "BatchCheckLayerAvailability")
	case r.Method == http.MethodGet:
		return on(repository, "GetDownloadUrlForLayer")
	case r.Method == http.MethodPost && r.URL.Query().Get("mount") != "":
		return append(on(repository, "InitiateLayerUpload"), on(r.URL.Query().Get("from"), "BatchCheckLayerAvailability", "GetDownloadUrlForLayer")...)
	case r.Method == http.MethodPost:
		return on(repository, "InitiateLayerUpload")
	case r.Method == http.MethodPatch:
		return on(repository, "UploadLayerPart")
	}
	return on(repository, "CompleteLayerUpload")
}

// RegistryNeeds are all actions that pushing and reading images can ask.
func RegistryNeeds() []string {
	return []string{
		"ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:CompleteLayerUpload", "ecr:GetDownloadUrlForLayer",
		"ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart",
	}
}

// admitRequest asks the caller's policies whether a request of the registry may
// be made.
func (s *Sim) admitRequest(r *http.Request, repository string) error {
	p, err := s.operator()
	if err != nil {
		return err
	}
	for _, n := range s.registryNeeds(r, repository) {
		if err := s.ask(p, "ECR", n); err != nil {
			return err
		}
	}
	return nil
}
