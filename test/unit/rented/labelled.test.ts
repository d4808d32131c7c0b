/** Labels of the user's `config.yaml` that a cloud does not take. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { labelled } from "../../../daemon/rented/own-settings.ts"
import { rentedSettings } from "../../../daemon/rented/settings.ts"

const problemOf = (own: object) => {
  const { shared } = rentedSettings({ file: "/h/config.yaml", fields: { aws: own } }, "aws", [])
  return Effect.map(Effect.flip(labelled("aws", shared)), ({ message }) => message)
}

describe("labels that AWS does not take", () => {
  it.effect("are told by the key that the user wrote them under", () =>
    Effect.gen(function* () {
      assert.match(yield* problemOf({ instance_tags: { "aws:x": "y" } }), /^aws\.instance_tags in config\.yaml: .*aws:x/)
      assert.match(yield* problemOf({ labels: { "aws:x": "y" } }), /^aws\.labels in config\.yaml: .*aws:x/)
      assert.match(yield* problemOf({ labels: { "skyd-group": "sg-1" } }), /^aws\.labels in config\.yaml: .*'skyd-group'/)
    })
  )
})
