// Package wire checks karmactl over HTTP, with the SDK's own serializers, against
// emulators of AWS that others wrote: moto and ministack. It is only tests, behind
// the build tag wire, which `make test-wire` runs; docs/wire.md says what each
// emulator can judge.
//
// An emulator is not AWS. What it does otherwise is a gap: one line in its table
// (moto_test.go, ministack_test.go) with what AWS does, and with the answer that
// AWS would have given, so that the scenario can continue. A gap that the
// emulator has closed fails the test, so that the tables stay true. Product code
// knows nothing of all this.
package wire
