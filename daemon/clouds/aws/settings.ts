/** What the user's `config.yaml` says below `aws`: where clusters are put, and how they are called. Pure. */
import type { ConfigFile } from "../../config/config-file.ts"
import { type RentedSettings, rentedSettings } from "../../rented/settings.ts"

export interface AwsSettings extends RentedSettings {
  /** One that is the user's own: it is neither made nor changed. */
  readonly securityGroupName: string | null
}

export const awsSettings = (config: ConfigFile): AwsSettings => {
  const { read, shared } = rentedSettings(config, "aws", ["security_group_name"])
  return { ...shared, securityGroupName: read.text("security_group_name") }
}
