package document

// Adoption is a fleet that runs, compared with the stack that it would be. Nothing was
// changed.
type Adoption struct {
	Head
	// Cluster is the ECS cluster that was read.
	Cluster string `json:"cluster"`
	// Stack is the stack that its agents.yaml makes.
	Stack string `json:"stack"`
	// Account is AWS's number of the account.
	Account string `json:"account"`
	// Region is the cluster's.
	Region string `json:"region"`
	// Agents are the agents that its services would be.
	Agents []AdoptedAgent `json:"agents"`
	// Counterparts are the live resources that have a key of the stack.
	Counterparts []Counterpart `json:"counterparts"`
	// Others are the live resources that have none.
	Others []OtherResource `json:"others"`
	// Obstacles are what keeps the fleet from being that stack as it is; none is that nothing does.
	Obstacles []Obstacle `json:"obstacles"`
	// New are the keys of the stack that have no live counterpart.
	New []string `json:"new"`
	// NewWhy are what these are for, by key; it is no part of the JSON.
	NewWhy map[string]string `json:"-"`
	// Notes are those of the agents.yaml.
	Notes []string `json:"notes"`
	// Next are commands.
	Next []string `json:"next"`
}

// AdoptedAgent is an agent and the service that it is now.
type AdoptedAgent struct {
	// Name is the agent's.
	Name string `json:"name"`
	// Service is the name of the ECS service that it is now.
	Service string `json:"service"`
}

// Counterpart is a live resource and the key that it would have.
type Counterpart struct {
	// Key is the one that it would have in the stack.
	Key string `json:"key"`
	// ID is AWS's id or ARN.
	ID string `json:"id"`
	// Name is what people call it; not there where the id is the name.
	Name string `json:"name,omitempty"`
	// Address is Terraform's, where its state was read and has it.
	Address string `json:"address,omitempty"`
	// Differs says what karmactl makes otherwise.
	Differs []string `json:"differs,omitempty"`
}

// OtherResource is a live resource without a counterpart.
type OtherResource struct {
	// ResourceKind is AWS's word for it.
	ResourceKind string `json:"resource_kind"`
	// ID is AWS's id or ARN.
	ID string `json:"id"`
	// Name is what people call it; not there where the id is the name.
	Name string `json:"name,omitempty"`
	// Address is Terraform's, where its state was read and has it.
	Address string `json:"address,omitempty"`
	// Why says why it has none.
	Why string `json:"why"`
}

// Obstacle is a reason why a fleet cannot be the stack as it is.
type Obstacle struct {
	// What names the resource or the agent.
	What string `json:"what"`
	// Why is the reason.
	Why string `json:"why"`
	// Instead is what to do about it.
	Instead string `json:"instead"`
}
