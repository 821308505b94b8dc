// Package deps holds the pinned modules in go.mod until the packages that use them exist.
package deps

import (
	_ "github.com/aws/aws-sdk-go-v2/service/servicequotas"
	_ "github.com/google/go-containerregistry/pkg/v1/layout"
	_ "github.com/google/go-containerregistry/pkg/v1/tarball"
	_ "github.com/guptarohit/asciigraph"
)
