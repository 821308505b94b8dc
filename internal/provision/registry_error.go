package provision

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// RegistryError is what a registry said instead of an image.
type RegistryError struct {
	Registry, Reference string
	// Status is the HTTP status; 0 is no answer at all.
	Status int
	Err    error
}

// Unread is the error of an image that could not be read.
func Unread(ref name.Reference, err error) error {
	e := &RegistryError{Registry: ref.Context().RegistryStr(), Reference: ref.Name(), Err: err}
	if said := new(transport.Error); errors.As(err, &said) {
		e.Status = said.StatusCode
	}
	return e
}

func (e *RegistryError) Unwrap() error { return e.Err }

// Cause says what the registry means, in a few words.
func (e *RegistryError) Cause() string {
	switch e.Status {
	case http.StatusUnauthorized:
		if _, _, ok := ecrHost(e.Registry); ok {
			return "its registry does not know these AWS credentials"
		}
		return "its registry wants a sign-in, or has no such image: docker login " + e.Registry
	case http.StatusForbidden:
		return "its registry does not let these credentials read it"
	case http.StatusNotFound:
		return noSuchImage
	case http.StatusTooManyRequests:
		return "its registry has had too many requests, and answers again later"
	case 0:
		return "its registry did not answer"
	}
	return fmt.Sprintf("its registry answered %d", e.Status)
}

// noSuchImage is the cause of a reference that the registry does not know.
const noSuchImage = "its registry has no such image"

func (e *RegistryError) Error() string {
	text := "image " + e.Reference + " cannot be read: " + e.Cause()
	if e.Status == 0 {
		text += ": " + e.Err.Error()
	}
	return text
}
