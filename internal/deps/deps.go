// Package deps holds the pinned modules in go.mod until the packages that use them exist.
package deps

import (
	_ "github.com/guptarohit/asciigraph"
)
