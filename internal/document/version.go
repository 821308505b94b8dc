package document

// Version is which karmactl it is.
type Version struct {
	Head
	// Version is the release, or the commit's pseudo-version.
	Version string `json:"version"`
	// Go is the version of Go that built it.
	Go string `json:"go"`
	// Platform is such as linux/amd64.
	Platform string `json:"platform"`
	// Revision is the commit, where Go recorded it.
	Revision string `json:"revision,omitempty"`
	// Newer is the newest release, when it is newer than this program.
	Newer string `json:"newer,omitempty"`
}
