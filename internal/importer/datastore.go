package importer

import "strings"

// stores are images that are no agents, and what replaces each in AWS.
var stores = []struct{ names, instead string }{
	{"postgres postgresql postgis pgvector timescaledb supabase-postgres cockroach", "not an agent: use Amazon RDS or Aurora, and give its address and password to the agents"},
	{"mysql mariadb percona", "not an agent: use Amazon RDS or Aurora, and give its address and password to the agents"},
	{"redis valkey redis-stack redis-stack-server keydb dragonfly memcached", "not an agent: use Amazon ElastiCache, and give its address to the agents"},
	{"mongo mongodb mongodb-community-server", "not an agent: use Amazon DocumentDB or Atlas, and give its address to the agents"},
	{"rabbitmq activemq", "not an agent: use Amazon MQ or SQS"},
	{"kafka cp-kafka zookeeper cp-zookeeper redpanda nats", "not an agent: use Amazon MSK, or SQS and SNS"},
	{"elasticsearch opensearch kibana opensearch-dashboards meilisearch typesense", "not an agent: use Amazon OpenSearch Service"},
	{"qdrant chroma chromadb weaviate milvus etcd neo4j", "not an agent that may lose its disk: use its hosted offer, OpenSearch or RDS with pgvector"},
	{"minio localstack elasticmq dynamodb-local azurite", "a stand-in for AWS: use the service itself (S3, SQS, DynamoDB …)"},
	{"nginx traefik caddy haproxy nginx-proxy swag cloudflared jwilder-nginx-proxy acme-companion", "a proxy: the load balancer of karmactl serves each agent at /<name>, and HTTPS with load_balancer.domain"},
	{"prometheus grafana loki promtail node-exporter cadvisor alertmanager jaeger all-in-one tempo otel-collector opentelemetry-collector opentelemetry-collector-contrib zipkin", "not an agent: karmactl has logs, alarms, a dashboard, and observability.xray for traces"},
	{"adminer pgadmin4 pgadmin phpmyadmin mongo-express redisinsight redis-commander mailhog mailpit watchtower autoheal portainer-ce dozzle", "a tool for development: run it on your own machine"},
	{"ollama", "a model server that needs a GPU, which Fargate does not have: use Bedrock, or an EC2 host of your own"},
}

// storeInstead is what to use instead of an image that is no agent, or "".
func storeInstead(image string) string {
	name := image[strings.LastIndexByte(image, '/')+1:]
	name, _, _ = strings.Cut(name, ":")
	name, _, _ = strings.Cut(name, "@")
	for _, s := range stores {
		for n := range strings.FieldsSeq(s.names) {
			if n == name {
				return s.instead
			}
		}
	}
	return ""
}
