package document

// Access is what lets workflows of GitHub into the account: what ci github did, or would do.
type Access struct {
	Head
	// Stack is project-environment.
	Stack string `json:"stack"`
	// Account is the AWS account's 12 digits.
	Account string `json:"account"`
	// Repository is whose workflows they are; not there when they are removed.
	Repository string `json:"repository,omitempty"`
	// Pulls is the subject of the tokens that may plan; not there when they are removed.
	Pulls string `json:"plan_subject,omitempty"`
	// Deploys is the subject of the tokens that may deploy; not there when they are removed.
	Deploys string `json:"deploy_subject,omitempty"`
	// PlanRole is the ARN of the role to plan with.
	PlanRole string `json:"plan_role"`
	// DeployRole is the ARN of the role to deploy with.
	DeployRole string `json:"deploy_role"`
	// Provider is the ARN of the account's OIDC provider of GitHub.
	Provider string `json:"provider"`
	// Foreign: the provider is there already and not karmactl's: it is used and never changed.
	Foreign bool `json:"foreign_provider"`
	// DryRun: nothing was changed.
	DryRun bool `json:"dry_run"`
	// Summary counts the changes.
	Summary Summary `json:"summary"`
	// Changes are what was, or would be, made, changed or deleted.
	Changes []Change `json:"changes"`
	// Notes are what to know.
	Notes []string `json:"notes"`
	// Workflow is the text of .github/workflows/karmactl.yml; not there when they are removed.
	Workflow string `json:"workflow,omitempty"`
	// File is where it was written; not there without --write.
	File string `json:"file,omitempty"`
}
