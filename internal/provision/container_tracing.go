package provision

import (
	"maps"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// collector receives traces (OTLP, X-Ray's UDP) and sends them to X-Ray. The X-Ray
// SDKs and daemon are in maintenance. A version: what a tag like latest means would
// change below a revision.
const collector = "public.ecr.aws/aws-observability/aws-otel-collector:v0.43.3"

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

// tracing is the container beside the agent that sends traces on. It logs where the
// agent does, to streams of its own.
func tracing(want TaskDefinitionSpec) types.ContainerDefinition {
	log := maps.Clone(want.Log)
	if log != nil {
		log[logPrefix] = "tracing"
	}
	return types.ContainerDefinition{
		Name: aws.String("tracing"), Image: &want.Tracing, Essential: aws.Bool(false), LogConfiguration: logTo(log),
		Environment: []types.KeyValuePair{{Name: aws.String(collectorConfigVariable), Value: &want.TracingConfig}},
	}
}

// readTracingConfig is the configuration of a collector.
func readTracingConfig(c types.ContainerDefinition) string {
	for _, e := range c.Environment {
		if aws.ToString(e.Name) == collectorConfigVariable {
			return aws.ToString(e.Value)
		}
	}
	return ""
}
