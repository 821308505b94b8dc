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
	Verb string `json:"verb"`
	// Detail says more: what is waited for, or why it failed.
	Detail string `json:"detail,omitempty"`
	// TookMS is how long it took, in milliseconds; 0 until it is done.
	TookMS int64 `json:"took_ms"`
	// Push is there while an image is pushed, Rollout while a deployment is followed.
	*Push
	*Rollout
}

// Push is how far an agent's image is on its way to its repository.
type Push struct {
	// Agent is its name.
	Agent string `json:"agent"`
	// Image is the whole reference, Short what tells it from others.
	Image string `json:"image"`
	Short string `json:"-"`
	// Layers are the layers of the image.
	Layers PushLayers `json:"layers"`
	// Bytes are the bytes of the layers.
	Bytes PushBytes `json:"bytes"`
	// AlreadyThere: the image itself was there.
	AlreadyThere bool `json:"already_there"`
}

// PushLayers are an image's layers, and what became of them.
type PushLayers struct {
	// Total is how many layers the image has.
	Total int `json:"total"`
	// Uploaded were sent.
	Uploaded int `json:"uploaded"`
	// There were in the repository.
	There int `json:"there"`
	// Mounted were taken from another repository of the registry.
	Mounted int `json:"mounted"`
}

// PushBytes are the layers' bytes.
type PushBytes struct {
	// Done are the bytes that are there or on their way.
	Done int64 `json:"done"`
	// Total is the size of all layers.
	Total int64 `json:"total"`
	// Sent went over the wire.
	Sent int64 `json:"sent"`
}

// Rollout is how far a deployment is.
type Rollout struct {
	// Revisions are the revisions that have tasks or should have some.
	Revisions []RolloutRevision `json:"revisions"`
	// Tasks are the tasks of the new revision.
	Tasks []RolloutTask `json:"tasks"`
}

// RolloutRevision is a revision and how many of its tasks there are.
type RolloutRevision struct {
	// Revision is its number.
	Revision int `json:"revision"`
	// State is AWS's word for the deployment; what ran before is serving, or replaced.
	State string `json:"state"`
	// Desired is how many tasks it should have.
	Desired int `json:"desired"`
	// Running is how many tasks it has.
	Running int `json:"running"`
	// Healthy counts the tasks that answer the load balancer.
	Healthy int `json:"healthy"`
	// Failed is how many of its tasks failed.
	Failed int `json:"failed"`
}

// RolloutTask is a task and what it is at.
type RolloutTask struct {
	// ID is the task's ID.
	ID string `json:"id"`
	// Revision is the revision that it runs.
	Revision int `json:"revision"`
	// Phase is what it is at, in words: "pulls its image".
	Phase string `json:"phase"`
}
