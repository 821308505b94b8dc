package logstest

import (
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
)

// Client is a client of the server in this process, without sockets, so that a synctest bubble owns its time.
// Each call takes latency on its way.
func (s *Server) Client(latency time.Duration) *cloudwatchlogs.Client {
	return cloudwatchlogs.New(cloudwatchlogs.Options{
		Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("AKIDTEST", "test", ""),
		HTTPClient: &http.Client{Transport: transport{s, latency}},
	})
}

type transport struct {
	server  *Server
	latency time.Duration
}

// RoundTrip calls the handler and returns as soon as it has begun to answer.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	select {
	case <-time.After(t.latency):
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	body, write := io.Pipe()
	w := &pipeWriter{header: http.Header{}, pipe: write, began: make(chan struct{})}
	go func() {
		defer r.Body.Close()
		t.server.ServeHTTP(w, r)
		w.WriteHeader(http.StatusOK)
		_ = write.Close()
	}()
	select {
	case <-w.began:
	case <-r.Context().Done():
		_ = body.CloseWithError(r.Context().Err())
		return nil, r.Context().Err()
	}
	length := int64(-1)
	if n, err := strconv.ParseInt(w.header.Get("Content-Length"), 10, 64); err == nil {
		length = n
	}
	return &http.Response{
		StatusCode: w.code, Status: strconv.Itoa(w.code), Header: w.header, Body: body, Request: r,
		ContentLength: length, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}, nil
}

type pipeWriter struct {
	header http.Header
	pipe   *io.PipeWriter
	once   sync.Once
	code   int
	began  chan struct{}
}

func (w *pipeWriter) Header() http.Header { return w.header }

func (w *pipeWriter) WriteHeader(code int) {
	w.once.Do(func() {
		w.code = code
		close(w.began)
	})
}

func (w *pipeWriter) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.pipe.Write(b)
}

// Flush is for event streams; a pipe holds nothing back.
func (w *pipeWriter) Flush() {}

// Config is for commands that want a whole configuration with the in-process transport.
func (s *Server) Config() aws.Config {
	return aws.Config{
		Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("AKIDTEST", "test", ""),
		HTTPClient: &http.Client{Transport: transport{s, 0}},
	}
}
