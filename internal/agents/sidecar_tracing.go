package agents

import (
	"cmp"
	"slices"
)

// tracingName is the name of the sidecar that observability.xray puts into each task.
const tracingName = "tracing"

// collectorImage receives traces (OTLP, X-Ray's UDP) and sends them to X-Ray. The X-Ray
// SDKs and daemon are in maintenance. A version: what a tag like latest means would
// change below a revision.
const collectorImage = "public.ecr.aws/aws-observability/aws-otel-collector:v0.43.3"

// collectorConfig sends traces and nothing else. The image's own configuration sends metrics
// to CloudWatch too, which the task's role may not and which would be billed by the metric.
// JSON is YAML, in which the collector reads it from the variable:
// https://aws-otel.github.io/docs/setup/ecs/config-through-ssm
const (
	collectorConfigVariable = "AOT_CONFIG_CONTENT"
	collectorConfig         = `{"receivers":{"otlp":{"protocols":{"grpc":{"endpoint":"0.0.0.0:4317"},"http":{"endpoint":"0.0.0.0:4318"}}},` +
		`"awsxray":{"endpoint":"0.0.0.0:2000","transport":"udp"}},"processors":{"batch":{}},"exporters":{"awsxray":{}},` +
		`"service":{"pipelines":{"traces":{"receivers":["otlp","awsxray"],"processors":["batch"],"exporters":["awsxray"]}}}}`
)

// Where OpenTelemetry's SDKs read what they need. Without a name they call every program
// unknown_service, and no sampling rule of the stack takes it; which protocol they send
// without being told differs between languages:
// https://opentelemetry.io/docs/languages/sdk-configuration/
const (
	serviceNameVariable = "OTEL_SERVICE_NAME"
	endpointVariable    = "OTEL_EXPORTER_OTLP_ENDPOINT"
	protocolVariable    = "OTEL_EXPORTER_OTLP_PROTOCOL"
)

// fillInTracing gives an agent the sidecar that takes its traces, and says where it is. A
// sidecar of this name in the file takes its place.
func fillInTracing(a *Agent, stack string) {
	a.preset(serviceNameVariable, stack+"-"+a.Name)
	a.preset(endpointVariable, "http://localhost:4318")
	a.preset(protocolVariable, "http/protobuf")
	if slices.ContainsFunc(a.Sidecars, func(s Sidecar) bool { return s.Name == tracingName }) {
		return
	}
	a.Sidecars = append(a.Sidecars, Sidecar{
		Name: tracingName, Image: collectorImage, Wait: WaitStart, Env: map[string]string{collectorConfigVariable: collectorConfig},
	})
	slices.SortFunc(a.Sidecars, func(x, y Sidecar) int { return cmp.Compare(x.Name, y.Name) })
}
