package logs

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/smithy-go"
	smithyendpoints "github.com/aws/smithy-go/endpoints"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// page is one answer of FilterLogEvents or GetLogEvents. Following reads most events several times, so what is known is passed
// over while decoding, before anything is allocated for it: the SDK's own decoding would take ten times as long.
type page struct {
	// known reports whether an event was handed on before; intern gives the stream of that name.
	known  func(ts int64, id []byte) bool
	intern func(name []byte) *stream

	records []record
	token   string
	// total counts the events in the answer, known ones too.
	total int
	// decoded says that the answer was read here. It stays false when the client has another transport.
	decoded bool

	// largeBuffers lends buffers for big answers to all groups; a small one has its own.
	largeBuffers chan *body
	small        body
	scratch      []byte
	text         strings.Builder
	// endpoint is where the client's calls go, once it is known.
	endpoint *smithyendpoints.Endpoint
	// spans are of the records whose text is not yet cut.
	spans []span
}

// span is where a record's id and message are in the text.
type span struct{ id, message, end int }

// textChunk is how much text records share: what is held keeps no more alive than that.
const textChunk = 64 << 10

func (p *page) reset() {
	p.records, p.spans = p.records[:0], p.spans[:0]
	p.token, p.total, p.decoded = "", 0, false
	p.text.Reset()
}

// handOver gives the records away.
func (p *page) handOver() []record {
	r := p.records
	p.records = make([]record, 0, len(r)+len(r)/16)
	return r
}

// option makes the client decode into the page, and leaves repeating to the caller, who knows the quota. A page is of one
// client, whose endpoint is worked out once and not at each call.
func (p *page) option(o *cloudwatchlogs.Options) {
	o.Retryer = aws.NopRetryer{}
	o.EndpointResolverV2 = pageEndpoint{EndpointResolverV2: o.EndpointResolverV2, page: p}
	if o.Protocol != nil {
		o.Protocol = pageProtocol{ClientProtocol: o.Protocol, page: p}
	}
}

// pageEndpoint asks the client's resolver once.
type pageEndpoint struct {
	cloudwatchlogs.EndpointResolverV2
	page *page
}

// ResolveEndpoint gives what the client's resolver gave at first.
func (e pageEndpoint) ResolveEndpoint(ctx context.Context, in cloudwatchlogs.EndpointParameters) (smithyendpoints.Endpoint, error) {
	if e.page.endpoint == nil {
		at, err := e.EndpointResolverV2.ResolveEndpoint(ctx, in)
		if err != nil {
			return at, err
		}
		e.page.endpoint = &at
	}
	return *e.page.endpoint, nil
}

// pageProtocol is the client's protocol with a decoder of its own for pages.
type pageProtocol struct {
	smithyhttp.ClientProtocol
	page *page
}

// DeserializeResponse decodes a page. Errors, and a page that is not as expected, go the SDK's way.
func (p pageProtocol) DeserializeResponse(ctx context.Context, schema *smithy.OperationSchema, types *smithy.TypeRegistry, resp *smithyhttp.Response, out smithy.Deserializable) error {
	filtered, isFilter := out.(*cloudwatchlogs.FilterLogEventsOutput)
	_, isStream := out.(*cloudwatchlogs.GetLogEventsOutput)
	if !isFilter && !isStream || resp.StatusCode != 200 {
		return p.ClientProtocol.DeserializeResponse(ctx, schema, types, resp, out)
	}
	p.page.reset()
	text, giveBack, err := p.page.read(ctx, resp)
	if err != nil {
		return err
	}
	defer giveBack()
	if !p.page.decode(text) {
		p.page.reset()
		resp.Body = io.NopCloser(bytes.NewReader(text))
		return p.ClientProtocol.DeserializeResponse(ctx, schema, types, resp, out)
	}
	p.page.decoded = true
	if isFilter && p.page.token != "" {
		filtered.NextToken = &p.page.token
	}
	return nil
}

// smallBody is the size of an answer up to which any number are read at the same time; of bigger ones only as many as
// there are buffers, which bounds the memory.
const smallBody = 256 << 10

// body is the memory that answers are read into, one after the other. It is made again for a bigger one, and by steps:
// a buffer that doubles would take twice what the biggest page needs.
type body struct{ b []byte }

func (b *body) readFrom(r io.Reader, length int64) ([]byte, error) {
	const step = 64 << 10
	if length >= int64(cap(b.b)) {
		b.b = nil // the old one may go before the new one comes
		b.b = make([]byte, 0, (length/step+1)*step)
	}
	into := b.b[:0]
	for {
		if len(into) == cap(into) {
			into = slices.Grow(into, step)
		}
		n, err := r.Read(into[len(into):cap(into)])
		into = into[:len(into)+n]
		b.b = into
		if errors.Is(err, io.EOF) {
			return into, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

func (p *page) read(ctx context.Context, resp *smithyhttp.Response) (text []byte, giveBack func(), err error) {
	into, giveBack := &p.small, func() {}
	if n := resp.ContentLength; n < 0 || n > smallBody {
		select {
		case into = <-p.largeBuffers:
			giveBack = func() { p.largeBuffers <- into }
		case <-ctx.Done():
			return nil, nil, context.Cause(ctx)
		}
	}
	text, err = into.readFrom(resp.Body, resp.ContentLength)
	if err != nil {
		giveBack()
		return nil, nil, &smithy.DeserializationError{Err: err}
	}
	return text, giveBack, nil
}

// take reads a page from the SDK's own decoding.
func (p *page) take(out *cloudwatchlogs.FilterLogEventsOutput) {
	p.reset()
	p.token = aws.ToString(out.NextToken)
	for i := range out.Events {
		e := &out.Events[i]
		p.total++
		ts, id := aws.ToInt64(e.Timestamp), aws.ToString(e.EventId)
		if p.known != nil && p.known(ts, []byte(id)) {
			continue
		}
		p.records = append(p.records, record{
			ts: ts, ingested: aws.ToInt64(e.IngestionTime), id: id, message: aws.ToString(e.Message),
			from: p.intern([]byte(aws.ToString(e.LogStreamName))),
		})
	}
}

// takeStream reads a page of GetLogEvents from the SDK's own decoding.
func (p *page) takeStream(out *cloudwatchlogs.GetLogEventsOutput) {
	p.reset()
	p.token = aws.ToString(out.NextForwardToken)
	for i := range out.Events {
		e := &out.Events[i]
		p.total++
		p.records = append(p.records, record{
			ts: aws.ToInt64(e.Timestamp), ingested: aws.ToInt64(e.IngestionTime), message: aws.ToString(e.Message), from: p.intern(nil),
		})
	}
}

// decode reads the JSON of an answer; false when it is not what the API promises.
func (p *page) decode(b []byte) bool {
	s := scanner{b: b}
	ok := s.object(func(key []byte) bool {
		switch string(key) {
		case "events":
			if s.null() {
				return true
			}
			return s.array(func() bool { return p.event(&s) })
		case "nextToken", "nextForwardToken":
			if s.null() {
				return true
			}
			v, ok := s.str(nil)
			p.token = string(v)
			return ok
		}
		return s.skip(0)
	})
	p.cut()
	return ok
}

// cut makes strings of the text written so far and gives them to their records.
func (p *page) cut() {
	text := p.text.String()
	first := len(p.records) - len(p.spans)
	for i, at := range p.spans {
		p.records[first+i].id, p.records[first+i].message = text[at.id:at.message], text[at.message:at.end]
	}
	p.spans = p.spans[:0]
	p.text.Reset()
}

func (p *page) event(s *scanner) bool {
	var r record
	var id, message, name []byte
	p.scratch = p.scratch[:0]
	ok := s.object(func(key []byte) (ok bool) {
		switch string(key) {
		case "eventId":
			id, ok = s.str(&p.scratch)
		case "message":
			message, ok = s.str(&p.scratch)
		case "logStreamName":
			name, ok = s.str(&p.scratch)
		case "timestamp":
			r.ts, ok = s.number()
		case "ingestionTime":
			r.ingested, ok = s.number()
		default:
			ok = s.skip(0)
		}
		return ok
	})
	if !ok {
		return false
	}
	p.total++
	if p.known != nil && p.known(r.ts, id) {
		return true
	}
	r.from = p.intern(name)
	if p.text.Len()+len(id)+len(message) > textChunk {
		p.cut()
	}
	if p.text.Cap() == 0 && p.known == nil {
		p.text.Grow(max(textChunk, len(id)+len(message)))
	}
	at := p.text.Len()
	p.text.Write(id)
	p.text.Write(message)
	p.spans = append(p.spans, span{id: at, message: at + len(id), end: p.text.Len()})
	p.records = append(p.records, r)
	return true
}
