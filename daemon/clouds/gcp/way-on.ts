/** What to do about a refusal, which Google says of hardly any. */
import { CloudError } from "../Cloud.ts"
import { mending, type Project } from "./credentials.ts"

const saying = ({ anyKind, code, kind, message, scope, want }: CloudError, more: string) =>
  new CloudError({
    kind,
    code,
    message: `${message}: ${more}`,
    ...(scope && { scope }),
    ...(anyKind !== undefined && { anyKind }),
    ...(want && { want })
  })

/** `what`: the call, as the API names it. */
export const withWayOn = (error: CloudError, what: string, project: Project | undefined): CloudError => {
  switch (error.code) {
    case "Credentials":
    case "authError":
      return saying(error, mending())
    case "accessNotConfigured":
    case "SERVICE_DISABLED":
      return project === undefined ? error : saying(error, `gcloud services enable compute.googleapis.com --project ${project.name}`)
    case "notFound":
      // The project itself.
      return what !== "projects.get" || project === undefined ? error : saying(error, `the project's name is from ${project.from}`)
    default:
      return error
  }
}
