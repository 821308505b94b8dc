package importer

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Address is a resource of Terraform's state: where it is in the configuration, and what
// AWS calls it.
type Address struct {
	// Address is Terraform's: aws_subnet.public[0].
	Address string
	// Type is Terraform's: aws_subnet.
	Type string
	// IDs are AWS's id, ARN and name of it, as far as the state has them.
	IDs []string
	// Kind and ID are those of the resource of karmactl's that it is; "" is that it is none.
	Kind, ID string
	// Part tells that it is a part of that resource: a rule of a security group.
	Part bool
	// Import is what Terraform's import takes for it.
	Import string
}

// StateAddresses are the resources that a Terraform state manages ("terraform state pull" or
// "terraform show -json"), and the ECS clusters among them by name.
func StateAddresses(path string) (all []Address, clusters []string, err error) {
	x := newTerraform(Options{})
	if info, serr := os.Stat(path); serr != nil {
		return nil, nil, fmt.Errorf("the Terraform state cannot be read: %w", serr)
	} else if info.IsDir() {
		path = filepath.Join(path, "terraform.tfstate")
	}
	if err := x.stateFile(filepath.Dir(path), path); err != nil {
		return nil, nil, err
	}
	for _, r := range x.resources {
		if r.data {
			continue
		}
		a := Address{Address: r.addr, Type: r.kind}
		for _, k := range []string{"id", "arn", "allocation_id"} {
			if v := r.body.entry(k).str(); v != "" && !slices.Contains(a.IDs, v) {
				a.IDs = append(a.IDs, v)
			}
		}
		if r.kind == "aws_ecs_cluster" {
			name := r.body.entry("name").str()
			a.IDs = append(a.IDs, name)
			clusters = append(clusters, name)
		}
		if c, ok := counterparts[r.kind]; ok {
			a.Kind, a.Part, a.ID = c.kind, c.part, c.id.of(r)
			if a.ID == "" {
				a.Kind = ""
			}
			a.Import = c.imported.of(r)
			if parts := strings.Split(a.Import, "/"); c.kind == "service" && len(parts) > 2 {
				a.Import = strings.Join(parts[len(parts)-2:], "/") // CLUSTER/SERVICE of an ARN
			}
		}
		all = append(all, a)
	}
	return all, clusters, nil
}

// counterpart is the resource of karmactl's that one of Terraform's is, or is a part of.
type counterpart struct {
	kind string
	part bool
	// id is karmactl's id of it, imported what Terraform's import takes.
	id, imported attributes
}

// attributes is a text with the names of attributes in braces.
type attributes string

// of is the text of a resource; "" where an attribute that it names is not there.
func (a attributes) of(r *resource) string {
	text := string(a)
	for {
		before, rest, ok := strings.Cut(text, "{")
		if !ok {
			return text
		}
		name, after, _ := strings.Cut(rest, "}")
		v := r.body.entry(name).str()
		if v == "" {
			return ""
		}
		text = before + v + after
	}
}

// same is a resource whose id in karmactl's state, and for Terraform's import, is an attribute.
func same(kind string, id attributes) counterpart {
	return counterpart{kind: kind, id: id, imported: id}
}

// part is what Terraform manages apart and AWS has in one resource.
func part(kind string, id attributes) counterpart {
	return counterpart{kind: kind, part: true, id: id, imported: "{id}"}
}

// counterparts are by Terraform's types. The import texts are those of the AWS provider's
// documentation of each type.
var counterparts = map[string]counterpart{
	"aws_vpc":                     same("vpc", "{id}"),
	"aws_internet_gateway":        same("igw", "{id}"),
	"aws_subnet":                  same("subnet", "{id}"),
	"aws_route_table":             same("route-table", "{id}"),
	"aws_route":                   {kind: "route", id: "{route_table_id}|{destination_cidr_block}", imported: "{route_table_id}_{destination_cidr_block}"},
	"aws_route_table_association": {kind: "route-table-association", id: "{subnet_id}", imported: "{subnet_id}/{route_table_id}"},
	"aws_nat_gateway":             same("nat", "{id}"),
	"aws_eip":                     same("eip", "{id}"),
	"aws_vpc_endpoint":            same("endpoint", "{id}"),
	"aws_security_group":          same("sg", "{id}"),

	"aws_security_group_rule":                     {kind: "sg", part: true, id: "{security_group_id}"}, // has no import by its id
	"aws_vpc_security_group_ingress_rule":         part("sg", "{security_group_id}"),
	"aws_vpc_security_group_egress_rule":          part("sg", "{security_group_id}"),
	"aws_vpc_endpoint_route_table_association":    {kind: "endpoint", part: true, id: "{vpc_endpoint_id}", imported: "{vpc_endpoint_id}/{route_table_id}"},
	"aws_vpc_endpoint_subnet_association":         {kind: "endpoint", part: true, id: "{vpc_endpoint_id}", imported: "{vpc_endpoint_id}/{subnet_id}"},
	"aws_vpc_endpoint_security_group_association": {kind: "endpoint", part: true, id: "{vpc_endpoint_id}"}, // has no import
	"aws_ecs_cluster_capacity_providers":          part("cluster", "{cluster_name}"),
	"aws_ecr_lifecycle_policy":                    part("repository", "{repository}"),
	"aws_lb_listener_certificate":                 part("listener", "{listener_arn}"),
	"aws_acm_certificate_validation":              {kind: "certificate", part: true, id: "{certificate_arn}"}, // has no import

	"aws_lb":                same("alb", "{id}"),
	"aws_alb":               same("alb", "{id}"),
	"aws_lb_listener":       same("listener", "{id}"),
	"aws_alb_listener":      same("listener", "{id}"),
	"aws_lb_listener_rule":  same("rule", "{id}"),
	"aws_alb_listener_rule": same("rule", "{id}"),
	"aws_lb_target_group":   same("target-group", "{id}"),
	"aws_alb_target_group":  same("target-group", "{id}"),
	"aws_acm_certificate":   same("certificate", "{id}"),
	"aws_route53_record":    {kind: "record", id: "{zone_id}/{fqdn}/{type}", imported: "{zone_id}_{fqdn}_{type}"},

	"aws_ecs_cluster":         same("cluster", "{name}"),
	"aws_ecs_service":         same("service", "{id}"),
	"aws_ecs_task_definition": {kind: "task-definition", id: "{family}", imported: "{arn}"},

	"aws_service_discovery_http_namespace":        {kind: "namespace", id: "{name}", imported: "{id}"},
	"aws_service_discovery_private_dns_namespace": {kind: "namespace", id: "{name}", imported: "{id}:{vpc}"},

	"aws_appautoscaling_target": {kind: "scalable-target", id: "{resource_id}", imported: "{service_namespace}/{resource_id}/{scalable_dimension}"},
	"aws_appautoscaling_policy": {kind: "scaling-policy", id: "{resource_id}#{name}", imported: "{service_namespace}/{resource_id}/{scalable_dimension}/{name}"},

	"aws_ecr_repository":          same("repository", "{id}"),
	"aws_cloudwatch_log_group":    same("log-group", "{id}"),
	"aws_cloudwatch_metric_alarm": same("alarm", "{id}"),
}
