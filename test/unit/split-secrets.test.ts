/** What of a task is recorded, and what is kept from the log. */
import { expect, it } from "vitest"
import { splitSecrets } from "../../daemon/commands/split-secrets.ts"

it("secrets, and envs whose names say so, leave a digest under their name; all else is recorded as it is", () => {
  const task = {
    run: "r",
    envs: { PLAIN: "p", API_KEY: "k" },
    secrets: { ANY_NAME: "s" },
    file_mounts: { "~/a": "/a" },
    service: { readiness_probe: "/" }
  }
  expect(splitSecrets(task, (text) => `digest of ${text}`)).toEqual({
    recorded: {
      run: "r",
      envs: { PLAIN: "p" },
      file_mounts: { "~/a": "/a" },
      service: { readiness_probe: "/" },
      secretEnvs: { API_KEY: "digest of API_KEY=k", ANY_NAME: "digest of ANY_NAME=s" }
    },
    secrets: { API_KEY: "k", ANY_NAME: "s" }
  })
  expect(splitSecrets({ run: "r" }, () => "")).toEqual({ recorded: { run: "r" }, secrets: {} })
})
