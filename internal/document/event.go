package document

// Event is progress: a line of its own, before the last one, which is a Result or a Deployment.
type Event struct {
	Head
	// At is in RFC 3339 with fractions of a second.
	At string `json:"at"`
	// Key is the resource, or deployment/AGENT and image/AGENT.
	Key string `json:"key"`
	// Phase is started, waiting or done.
	Phase string `json:"phase"`
	// Verb is create, update, replace or delete, or what it is about.
	Verb   string `json:"verb"`
	Detail string `json:"detail,omitempty"`
	TookMS int64  `json:"took_ms"`
	// Push is there while an image is pushed, Rollout while a deployment is followed.
	*Push
	*Rollout
}

// Push is how far an agent's image is on its way to its repository.
type Push struct {
	Agent string `json:"agent"`
	// Image is the whole reference, Short what tells it from others.
	Image  string     `json:"image"`
	Short  string     `json:"-"`
	Layers PushLayers `json:"layers"`
	Bytes  PushBytes  `json:"bytes"`
	// AlreadyThere: the image itself was there.
	AlreadyThere bool `json:"already_there"`
}

// PushLayers are an image's layers, and what became of them.
type PushLayers struct {
	Total    int `json:"total"`
	Uploaded int `json:"uploaded"`
	There    int `json:"there"`
	Mounted  int `json:"mounted"`
}

// PushBytes are the layers' bytes. Done are the bytes that are there or on their way;
// Sent went over the wire.
type PushBytes struct {
	Done  int64 `json:"done"`
	Total int64 `json:"total"`
	Sent  int64 `json:"sent"`
}

// Rollout is how far a deployment is.
type Rollout struct {
	Revisions []RolloutRevision `json:"revisions"`
	Tasks     []RolloutTask     `json:"tasks"`
}

// RolloutRevision is a revision and how many of its tasks there are.
type RolloutRevision struct {
	Revision int `json:"revision"`
	// State is AWS's word for the deployment; what ran before is serving, or replaced.
	State   string `json:"state"`
	Desired int    `json:"desired"`
	Running int    `json:"running"`
	// Healthy counts the tasks that answer the load balancer.
	Healthy int `json:"healthy"`
	Failed  int `json:"failed"`
}

// RolloutTask is a task and what it is at.
type RolloutTask struct {
	ID       string `json:"id"`
	Revision int    `json:"revision"`
	// Phase is what it is at, in words: "pulls its image".
	Phase string `json:"phase"`
}
