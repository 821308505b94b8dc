package provision

import (
	"net/http"
	"net/url"
)

// ECRAt sends what goes to a host of ECR, or to any of them, to an endpoint, scheme and
// all, and nothing else: behind an emulator the registry is the endpoint's own /v2/, while ECR still
// answers with AWS's host name.
type ECRAt struct {
	Host     string // 123456789012.dkr.ecr.us-east-1.amazonaws.com; "" is every account's, in every region
	Endpoint *url.URL
	Next     http.RoundTripper
}

// RoundTrip sends the request on. Where an upload continues may be told as an absolute
// address of the endpoint; it is told as one of the host, because a client sends its
// credentials to the host that it signed in to and to no other.
func (e ECRAt) RoundTrip(r *http.Request) (*http.Response, error) {
	if e.Endpoint == nil || !e.serves(r.URL.Host) {
		return e.Next.RoundTrip(r)
	}
	sent := r.Clone(r.Context())
	sent.URL.Scheme, sent.URL.Host, sent.Host = e.Endpoint.Scheme, e.Endpoint.Host, e.Endpoint.Host
	out, err := e.Next.RoundTrip(sent)
	if err != nil {
		return out, err
	}
	if to, err := url.Parse(out.Header.Get("Location")); err == nil && to.Host == e.Endpoint.Host {
		to.Scheme, to.Host = r.URL.Scheme, r.URL.Host
		out.Header.Set("Location", to.String())
	}
	return out, nil
}

func (e ECRAt) serves(host string) bool {
	if e.Host != "" {
		return host == e.Host
	}
	_, _, ok := ecrHost(host)
	return ok
}
