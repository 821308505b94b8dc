package recorded

// Why a difference stays.
const (
	newer    = "AWS has it since later than the recordings of this operation"
	unasked  = "the recorded answers were to questions that do not ask for it"
	unused   = "the recorded accounts do not use it, and AWS's documents have it"
	sameElse = "the recorded answers of the operation that reads it have it"
)

// exceptions are the differences that stay, by operation and field, and why. One that
// no answer needs fails TestEveryAnswerOfALifeIsAsAWSWasRecorded.
var exceptions = map[string]string{
	"ACM.DescribeCertificate Certificate.DomainValidationOptions":                                             "one that its owner imported has none; the recorded ones are AWS's",
	"ACM.DescribeCertificate Certificate.ImportedAt":                                                          "one that its owner imported has it; the recorded ones are AWS's",
	"EC2.CreateSubnet Subnet.Tags":                                                                            unasked,
	"EC2.DescribeNatGateways NatGateways[].NatGatewayAddresses[].IsPrimary":                                   newer,
	"EC2.DescribeRouteTables RouteTables[].Routes[].DestinationIpv6CidrBlock":                                 unused,
	"EC2.DescribeRouteTables RouteTables[].Routes[].EgressOnlyInternetGatewayId":                              unused,
	"EC2.DescribeRouteTables RouteTables[].Routes[].InstanceId":                                               unused,
	"EC2.DescribeRouteTables RouteTables[].Routes[].InstanceOwnerId":                                          unused,
	"SSM.GetParameter Parameter.ARN":                                                                          "the recorded parameters are the account's own; Amazon's have no account in their ARN",
	"EC2.DescribeSecurityGroups SecurityGroups[].IpPermissions[].UserIdGroupPairs[].Description":              unused,
	"ECR.DescribeImages ImageDetails[].ImageTags":                                                             "the images of another image's platforms have none",
	"ECS.DescribeClusters Clusters[].AttachmentsStatus":                                                       unused,
	"ECS.DescribeServices Services[].AvailabilityZoneRebalancing":                                             newer,
	"ECS.DescribeServices Services[].CurrentServiceDeployment":                                                newer,
	"ECS.DescribeServices Services[].CurrentServiceRevisions":                                                 newer,
	"ECS.DescribeServices Services[].DeploymentConfiguration.DeploymentCircuitBreaker.ThresholdConfiguration": newer,
	"ECS.DescribeServices Services[].DeploymentConfiguration.EarlySuccessCriteria":                            newer,
	"ECS.UpdateService Service.DeploymentConfiguration.EarlySuccessCriteria":                                  newer,
	"ECS.DescribeServices Services[].Deployments[].ServiceConnectConfiguration":                               newer,
	"ECS.DescribeServices Services[].Deployments[].ServiceConnectResources":                                   newer,
	"ECS.DescribeTaskDefinition TaskDefinition.ContainerDefinitions[].DependsOn":                              unused,
	"ECS.DescribeTaskDefinition TaskDefinition.ContainerDefinitions[].HealthCheck":                            unused,
	"ECS.DescribeTaskDefinition TaskDefinition.ContainerDefinitions[].StopTimeout":                            unused,
	"ECS.DescribeTaskDefinition TaskDefinition.ContainerDefinitions[].RepositoryCredentials":                  unused,
	"ECS.DescribeTaskDefinition TaskDefinition.ContainerDefinitions[].Ulimits":                                unused,
	"ECS.DescribeTaskDefinition TaskDefinition.ContainerDefinitions[].User":                                   unused,
	"ECS.DescribeTaskDefinition TaskDefinition.ContainerDefinitions[].WorkingDirectory":                       unused,
	"ECS.DescribeTaskDefinition TaskDefinition.EphemeralStorage":                                              newer,
	"IAM.ListAttachedRolePolicies AttachedPolicies[].PolicyArn":                                               "the recorded accounts attach policies of their own; AWS's have no account in their ARN",
	"ECS.DescribeTasks Tasks[].Containers[].ExitCode":                                                         unused,
	"ECS.DescribeTasks Tasks[].Containers[].NetworkInterfaces[].Ipv6Address":                                  unused,
	"ECS.DescribeTasks Tasks[].Containers[].ManagedAgents":                                                    newer,
	"ECS.StopTask Task.Containers[].TaskArn":                                                                  "the recordings are of before 2020, when a task's ARN had no cluster",
	"Elastic Load Balancing v2.DescribeLoadBalancers LoadBalancers[].State.Reason":                            unused,
	"EC2.DescribeNatGateways NatGateways[].FailureCode":                                                       unused,
	"EC2.DescribeNatGateways NatGateways[].FailureMessage":                                                    unused,
	"S3.ListObjectsV2 EncodingType":                                                                           "the recorded callers asked for keys as in a URL",
	"Secrets Manager.CreateSecret VersionId":                                                                  "a secret without a value has no version",
	"Secrets Manager.ListSecrets SecretList[].SecretVersionsToStages":                                         "a secret without a value has none",
	"Secrets Manager.ListSecrets SecretList[].Tags":                                                           "a secret that someone else made has none",
	"ECS.UpdateService Service.AvailabilityZoneRebalancing":                                                   newer,
	"ECS.UpdateService Service.CurrentServiceDeployment":                                                      newer,
	"ECS.UpdateService Service.CurrentServiceRevisions":                                                       newer,
	"ECS.UpdateService Service.Deployments[].ServiceConnectConfiguration":                                     newer,
	"ECS.UpdateService Service.Deployments[].ServiceConnectResources":                                         newer,
	"ECS.UpdateService Service.Tags":                                                                          sameElse,
	"Elastic Load Balancing v2.DescribeListeners Listeners[].Certificates":                                    unused,
	"Elastic Load Balancing v2.DescribeListeners Listeners[].DefaultActions[].FixedResponseConfig":            unused,
	"Elastic Load Balancing v2.DescribeListeners Listeners[].SslPolicy":                                       unused,
	"Elastic Load Balancing v2.DescribeTargetGroups TargetGroups[].ProtocolVersion":                           newer,
	"ECS.DescribeTasks Tasks[].Overrides.ContainerOverrides[].Command":                                        unasked,
	"ECS.DescribeTasks Tasks[].Overrides.Cpu":                                                                 unasked,
	"ECS.DescribeTasks Tasks[].Overrides.Memory":                                                              unasked,
	"Secrets Manager.ListSecretVersionIds Versions[].VersionId":                                               "it is the token that karmactl sent, which AWS takes in this form",
	"SSM.DescribeParameters Parameters[].ARN":                                                                 newer,
	"Secrets Manager.ListSecrets SecretList[].DeletedDate":                                                    unasked,
}
