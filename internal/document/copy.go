package document

// Copy is what was copied from or to a container.
type Copy struct {
	Head
	// Agent is whose container it is.
	Agent string `json:"agent"`
	// From and To are as cp takes them; To is where it is now.
	From string `json:"from"`
	To   string `json:"to"`
	// Folder tells that it is a folder, which goes as a tar archive.
	Folder bool `json:"folder"`
	// Files are how many there are.
	Files int `json:"files"`
	// Bytes are those of the file, or of the archive.
	Bytes int64 `json:"bytes"`
	// SHA256 is of the file, or of the archive.
	SHA256 string `json:"sha256"`
	// Left are names in the folder that are neither file nor folder, or links that lead out of it.
	Left []string `json:"left"`
}
