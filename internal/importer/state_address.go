package importer

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
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
}

// StateAddresses are the resources that a Terraform state manages ("terraform state pull" or
// "terraform show -json"), and the ECS clusters among them by name.
func StateAddresses(path string) (all []Address, clusters []string, err error) {
	x := &terraform{reading: &reading{}, declared: map[string]int{}, vars: map[string]*tree{}, locals: map[string]*tree{}, of: map[string]*agent{}}
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
		all = append(all, a)
	}
	return all, clusters, nil
}
