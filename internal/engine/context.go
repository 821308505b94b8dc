package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"
)

type (
	tokenKey    struct{}
	notOlderKey struct{}
	rankKey     struct{}
)

// Token is the client token of the create in progress, 32 hex digits: the same
// for all that one run sends of it.
func Token(ctx context.Context) string {
	t, _ := ctx.Value(tokenKey{}).(string)
	return t
}

func withToken(ctx context.Context, k Key, begun time.Time) context.Context {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s@%d", k, begun.UnixNano()))
	return context.WithValue(ctx, tokenKey{}, hex.EncodeToString(sum[:16]))
}

// NotOlder is the moment before which a shared listing must not have been read
// to answer this Find. A zero time allows any.
func NotOlder(ctx context.Context) time.Time {
	t, _ := ctx.Value(notOlderKey{}).(time.Time)
	return t
}

func notOlder(ctx context.Context, t time.Time) context.Context {
	return context.WithValue(ctx, notOlderKey{}, t)
}

// rankOf is how much waits for the node that calls; 0 is nobody's.
func rankOf(ctx context.Context) int {
	n, _ := ctx.Value(rankKey{}).(int)
	return n
}

func withRank(ctx context.Context, rank int) context.Context {
	return context.WithValue(ctx, rankKey{}, rank)
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
