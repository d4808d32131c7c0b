/** What the user's `config.yaml` says below `gcp`: where clusters are put, and how they are called. Pure. */
import { type ConfigFile, isMapping } from "../../config/config-file.ts"
import { type RentedSettings, rentedSettings } from "../../rented/settings.ts"

export interface GcpSettings extends RentedSettings {
  /** Null: that of the environment, of gcloud, or of the credentials. */
  readonly projectId: string | null
  /** The service account as which machines end themselves; null: they only stop, and are deleted by the daemon. */
  readonly selfDelete: string | null
}

export const gcpSettings = (config: ConfigFile): GcpSettings => {
  const { read, shared } = rentedSettings(config, "gcp", ["project_id", "self_delete"])
  return { ...shared, projectId: read.text("project_id"), selfDelete: read.text("self_delete") }
}

/** Alone: a mistake elsewhere in the file is nothing to machines that are there. */
export const projectIn = ({ fields, file }: ConfigFile): Pick<GcpSettings, "projectId"> => {
  const own = fields["gcp"]
  const project_id = isMapping(own) ? own["project_id"] : undefined
  const { projectId } = gcpSettings({ file, fields: { gcp: { project_id } } })
  return { projectId }
}
