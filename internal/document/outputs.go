package document

// Outputs are what outputs tells of a stack that is up.
type Outputs struct {
	Head
	// Stack is project-environment.
	Stack string `json:"stack"`
	// Region is the AWS region.
	Region string `json:"region"`
	// Account is the AWS account's 12 digits.
	Account string `json:"account"`
	// URLs are the agents' by their names.
	URLs map[string]string `json:"urls"`
	// ConnectTo is the load balancer's own name where load_balancer.records is false and the URLs
	// may lead elsewhere: curl --connect-to ::NAME: URL asks it. Not there otherwise.
	ConnectTo string `json:"connect_to,omitempty"`
	// Dashboard is the address of the CloudWatch dashboard; not there where there is none.
	Dashboard string `json:"dashboard,omitempty"`
	// Resources are all that are there, by their keys.
	Resources map[string]Output `json:"resources"`
}

// Output is what AWS calls a resource.
type Output struct {
	// ID is an id or an ARN.
	ID string `json:"id"`
	// Outputs are further names, such as dns_name of alb.
	Outputs map[string]string `json:"outputs,omitempty"`
}

// Dashboard is where the CloudWatch dashboard is.
type Dashboard struct {
	Head
	// URL is its address in the console.
	URL string `json:"url"`
}

// Open is the address that open opens.
type Open struct {
	Head
	// Agent is whose address it is.
	Agent string `json:"agent"`
	// URL is the address.
	URL string `json:"url"`
}

// Diagram is the stack as a picture.
type Diagram struct {
	Head
	// Stack is project-environment.
	Stack string `json:"stack"`
	// Region is the AWS region whose prices these are.
	Region string `json:"region"`
	// Format is mermaid or svg.
	Format string `json:"format"`
	// Text is the picture in it.
	Text string `json:"text"`
}
