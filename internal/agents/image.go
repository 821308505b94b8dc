package agents

import "strings"

// ShortImage is an image as people tell it from others: without its registry, and
// with the first of its digest. A reference without a digest stays as it is.
func ShortImage(image string) string {
	repository, digest, pinned := strings.Cut(image, "@sha256:")
	if !pinned {
		return image
	}
	return repository[strings.IndexByte(repository, '/')+1:] + "@sha256:" + digest[:min(12, len(digest))] + "…"
}

// TagOf is what a person called an image: the tag of its reference, "" without one.
func TagOf(ref string) string {
	ref, _, _ = strings.Cut(ref, "@")
	_, tag, _ := strings.Cut(ref[strings.LastIndexByte(ref, '/')+1:], ":")
	return tag
}
