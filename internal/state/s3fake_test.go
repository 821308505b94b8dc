package state

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/karmacadabra/karmactl/internal/engine"
)

// strictS3 is one versioned bucket, as strict about conditions as AWS documents:
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html
type strictS3 struct {
	bucket string
	owner  string

	mu      sync.Mutex
	objects map[string][]s3Version // oldest first
	seq     int
	// races is how many conditional writes are answered 409 without deciding.
	races int
	// lose drops the connection after the next write took effect.
	lose bool
	// blind is how many requests for an object that is there are answered 404, as
	// S3 may do in the first 15 minutes of versioning.
	blind int
	// clock is the server's; nil is the machine's.
	clock func() time.Time
	// page is how many versions a listing shows at once.
	page  int
	calls []string
}

type s3Version struct {
	id     string
	data   []byte
	marker bool
	at     time.Time
}

func (v s3Version) etag() string {
	sum := md5.Sum(v.data)
	return `"` + hex.EncodeToString(sum[:]) + `"`
}

func newStrictS3() *strictS3 {
	return &strictS3{bucket: "states", owner: "123456789012", objects: map[string][]s3Version{}, page: 3}
}

func (f *strictS3) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, r.Method+" "+r.URL.Path)
	if f.clock != nil {
		w.Header().Set("Date", f.clock().UTC().Format(http.TimeFormat))
	}
	bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	owner := r.Header.Get("x-amz-expected-bucket-owner")
	switch {
	case bucket != f.bucket:
		s3Fail(w, 404, "NoSuchBucket", "The specified bucket does not exist")
	case owner != "" && owner != f.owner:
		s3Fail(w, 403, "AccessDenied", "Access Denied")
	case r.Method == "GET" && r.URL.Query().Has("versions"):
		f.list(w, r)
	case r.Method == "GET":
		f.get(w, key, r.URL.Query().Get("versionId"))
	case r.Method == "PUT":
		f.put(w, r, key, body)
	case r.Method == "DELETE":
		f.delete(w, r, key)
	default:
		s3Fail(w, 501, "NotImplemented", r.Method)
	}
}

func (f *strictS3) latest(key string) (s3Version, bool) {
	vs := f.objects[key]
	if len(vs) == 0 || vs[len(vs)-1].marker {
		return s3Version{}, false
	}
	if f.blind > 0 {
		f.blind--
		return s3Version{}, false
	}
	return vs[len(vs)-1], true
}

func (f *strictS3) get(w http.ResponseWriter, key, id string) {
	v, ok := f.latest(key)
	if id != "" {
		i := slices.IndexFunc(f.objects[key], func(v s3Version) bool { return v.id == id })
		if i < 0 {
			s3Fail(w, 404, "NoSuchVersion", "The specified version does not exist.")
			return
		}
		v, ok = f.objects[key][i], true
	}
	if !ok {
		s3Fail(w, 404, "NoSuchKey", "The specified key does not exist.")
		return
	}
	w.Header().Set("ETag", v.etag())
	w.Header().Set("x-amz-version-id", v.id)
	w.Header().Set("Last-Modified", v.at.UTC().Format(http.TimeFormat))
	_, _ = w.Write(v.data)
}

// conditions answers for a conditional write that must not happen.
func (f *strictS3) conditions(w http.ResponseWriter, r *http.Request, key string) bool {
	match, none := r.Header.Get("If-Match"), r.Header.Get("If-None-Match")
	if match == "" && none == "" {
		s3Fail(w, 400, "InvalidRequest", "karmactl never writes without a condition")
		return false
	}
	if f.races > 0 {
		f.races--
		s3Fail(w, 409, "ConditionalRequestConflict", "A conflicting operation occurred during the upload")
		return false
	}
	v, ok := f.latest(key)
	switch {
	case none != "" && none != "*":
		s3Fail(w, 501, "NotImplemented", "If-None-Match takes only *")
	case none == "*" && ok:
		s3Fail(w, 412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
	case match != "" && !ok:
		s3Fail(w, 404, "NoSuchKey", "The specified key does not exist.")
	case match != "" && match != "*" && match != v.etag():
		s3Fail(w, 412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
	default:
		return true
	}
	return false
}

func (f *strictS3) push(key string, v s3Version) s3Version {
	f.seq++
	v.id, v.at = fmt.Sprintf("v%04d", f.seq), time.Date(2026, 11, 5, 10, 0, f.seq, 0, time.UTC)
	if f.clock != nil {
		v.at = f.clock()
	}
	f.objects[key] = append(f.objects[key], v)
	if f.lose {
		f.lose = false
		panic(http.ErrAbortHandler) // the client sees a lost connection
	}
	return v
}

func (f *strictS3) put(w http.ResponseWriter, r *http.Request, key string, body []byte) {
	if f.conditions(w, r, key) {
		w.Header().Set("ETag", f.push(key, s3Version{data: body}).etag())
	}
}

func (f *strictS3) delete(w http.ResponseWriter, r *http.Request, key string) {
	if f.conditions(w, r, key) {
		f.push(key, s3Version{marker: true})
		w.WriteHeader(204)
	}
}

func (f *strictS3) list(w http.ResponseWriter, r *http.Request) {
	type entry struct {
		Key, VersionId, LastModified, ETag string
		IsLatest                           bool
		Size                               int
	}
	var out struct {
		XMLName                            xml.Name `xml:"ListVersionsResult"`
		IsTruncated                        bool
		NextKeyMarker, NextVersionIdMarker string `xml:",omitempty"`
		Version, DeleteMarker              []entry
	}
	q := r.URL.Query()
	keys := make([]string, 0, len(f.objects))
	for k := range f.objects {
		if strings.HasPrefix(k, q.Get("prefix")) && k >= q.Get("key-marker") {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	page := f.page
	if max, err := strconv.Atoi(q.Get("max-keys")); err == nil {
		page = min(page, max)
	}
	n, skipping := 0, q.Get("version-id-marker") != ""
	for _, k := range keys {
		for i, v := range slices.Backward(f.objects[k]) {
			if skipping {
				skipping = v.id != q.Get("version-id-marker")
				continue
			}
			if n++; n > page {
				out.IsTruncated = true
				break
			}
			out.NextKeyMarker, out.NextVersionIdMarker = k, v.id
			e := entry{Key: k, VersionId: v.id, LastModified: v.at.Format(time.RFC3339), IsLatest: i == len(f.objects[k])-1, Size: len(v.data)}
			if v.marker {
				out.DeleteMarker = append(out.DeleteMarker, e)
			} else {
				out.Version = append(out.Version, e)
			}
		}
	}
	if !out.IsTruncated {
		out.NextKeyMarker, out.NextVersionIdMarker = "", ""
	}
	_ = xml.NewEncoder(w).Encode(out)
}

func s3Fail(w http.ResponseWriter, status int, code, message string) {
	w.WriteHeader(status)
	fmt.Fprintf(w, "<Error><Code>%s</Code><Message>%s</Message></Error>", code, message)
}

// s3Backend serves h and returns a backend that talks to it over HTTP.
func s3Backend(t testing.TB, h http.Handler, o S3Options) *S3 {
	t.Helper()
	srv := httptest.NewServer(h)
	transport := &http.Transport{}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		srv.Close()
	})
	client := s3.New(s3.Options{
		Region: "us-east-1", BaseEndpoint: &srv.URL, UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "not-a-secret", ""),
		HTTPClient:  keepBody{&http.Client{Transport: transport}},
		Retryer:     aws.NopRetryer{},
	})
	if o.Clock == nil {
		o.Clock = engine.RealClock{}
	}
	return NewS3(client, o)
}

// keepBody hides the request body's Close: smithy closes it as soon as Do
// returns, which on a fast loopback server can end the connection under a 200.
type keepBody struct{ *http.Client }

func (c keepBody) Do(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		r.Body = struct{ io.ReadCloser }{r.Body}
	}
	return c.Client.Do(r)
}
