/** The program by which a machine of GCP ends itself, run as it is, beside a metadata server and an API that only listen. */
import { execFile } from "node:child_process"
import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { promisify } from "node:util"
import { afterAll, beforeAll, expect, it } from "vitest"
import { selfDelete } from "../../../daemon/clouds/gcp/self-delete.ts"

const metadata: Readonly<Record<string, string>> = {
  "service-accounts/default/token": '{"access_token": "t-1", "expires_in": 3000}',
  zone: "projects/12/zones/us-central1-a",
  name: "train-1-0"
}
const deleted: Array<string> = []
let status = 200
const server = createServer(({ headers, method, url }, answer) => {
  if (method === "DELETE") {
    deleted.push(`${url} ${headers.authorization}`)
    return answer.writeHead(status).end("{}")
  }
  const what = url!.replace("/computeMetadata/v1/instance/", "")
  return answer.writeHead(headers["metadata-flavor"] === "Google" ? 200 : 403).end(metadata[what])
})
beforeAll(async () => {
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
})
afterAll(() => server.close())

const run = () => {
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const { content } = selfDelete(`http://${host}/compute/v1/`)
  return promisify(execFile)("python3", ["-c", content], { env: { PATH: process.env["PATH"], GCE_METADATA_HOST: host } })
}

it("asks Compute Engine to delete the machine it runs on, as its service account, and no other", async () => {
  await run()
  expect(deleted).toEqual(["/compute/v1/projects/12/zones/us-central1-a/instances/train-1-0 Bearer t-1"])
})
it("fails where that is refused, and says so to whoever runs it", async () => {
  status = 403
  await expect(run()).rejects.toThrow("403")
})
