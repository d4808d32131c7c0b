/**
 * Of AWS's SDK what is called here, and nothing else: all of it takes as much memory as the rest of the daemon twice. A bundle of its own,
 * `aws-sdk.cjs`, loaded when somebody has credentials and asks. A new call is listed here; a test holds that none is missing.
 */
import {
  type EC2 as AllOfEc2,
  AuthorizeSecurityGroupIngressCommand,
  CopyImageCommand,
  CreateImageCommand,
  CreateSecurityGroupCommand,
  CreateTagsCommand,
  DeleteSecurityGroupCommand,
  DeleteSnapshotCommand,
  DeleteVolumeCommand,
  DeregisterImageCommand,
  DescribeAvailabilityZonesCommand,
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeInstanceTypesCommand,
  DescribeRegionsCommand,
  DescribeRouteTablesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSnapshotsCommand,
  DescribeSubnetsCommand,
  DescribeVolumesCommand,
  DescribeVpcsCommand,
  EC2Client,
  ModifyInstanceAttributeCommand,
  RunInstancesCommand,
  StartInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand
} from "@aws-sdk/client-ec2"
import { type ServiceQuotas as AllOfQuotas, GetServiceQuotaCommand, ServiceQuotasClient } from "@aws-sdk/client-service-quotas"
import { type SSM as AllOfSsm, GetParametersCommand, SSMClient } from "@aws-sdk/client-ssm"
import { type STS as AllOfSts, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts"

export { credentialsTreatedAsExpired, defaultProvider } from "@aws-sdk/credential-provider-node"

interface Client {
  readonly send: (command: unknown, options?: unknown) => Promise<unknown>
}
// biome-ignore lint/suspicious/noExplicitAny: each takes its own input
type Commands = Readonly<Record<string, new (input: any) => unknown>>

/** A method for each command, as the SDK's own large clients have them. */
const withMethods = <All>(base: new (config: never) => Client, commands: Commands) => {
  class Own extends base {}
  for (const [name, Command] of Object.entries(commands))
    Object.defineProperty(Own.prototype, name, {
      value(this: Client, input: unknown, options: unknown) {
        return this.send(new Command(input), options)
      }
    })
  return Own as unknown as new (
    config: object
  ) => All
}

const ec2 = {
  authorizeSecurityGroupIngress: AuthorizeSecurityGroupIngressCommand,
  copyImage: CopyImageCommand,
  createImage: CreateImageCommand,
  createSecurityGroup: CreateSecurityGroupCommand,
  createTags: CreateTagsCommand,
  deleteSecurityGroup: DeleteSecurityGroupCommand,
  deleteSnapshot: DeleteSnapshotCommand,
  deleteVolume: DeleteVolumeCommand,
  deregisterImage: DeregisterImageCommand,
  describeAvailabilityZones: DescribeAvailabilityZonesCommand,
  describeImages: DescribeImagesCommand,
  describeInstances: DescribeInstancesCommand,
  describeInstanceTypes: DescribeInstanceTypesCommand,
  describeRegions: DescribeRegionsCommand,
  describeRouteTables: DescribeRouteTablesCommand,
  describeSecurityGroups: DescribeSecurityGroupsCommand,
  describeSnapshots: DescribeSnapshotsCommand,
  describeSubnets: DescribeSubnetsCommand,
  describeVolumes: DescribeVolumesCommand,
  describeVpcs: DescribeVpcsCommand,
  modifyInstanceAttribute: ModifyInstanceAttributeCommand,
  runInstances: RunInstancesCommand,
  startInstances: StartInstancesCommand,
  stopInstances: StopInstancesCommand,
  terminateInstances: TerminateInstancesCommand
}

export const EC2 = withMethods<AllOfEc2>(EC2Client as never, ec2)
export const STS = withMethods<AllOfSts>(STSClient as never, { getCallerIdentity: GetCallerIdentityCommand })
export const SSM = withMethods<AllOfSsm>(SSMClient as never, { getParameters: GetParametersCommand })
export const ServiceQuotas = withMethods<AllOfQuotas>(ServiceQuotasClient as never, { getServiceQuota: GetServiceQuotaCommand })
