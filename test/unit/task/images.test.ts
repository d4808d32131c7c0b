/** Which image a machine starts from, of those that a task names. */
import { expect, it } from "vitest"
import { namedImage } from "../../../task/images.ts"

it("an image is the task's own for its region; a tag of SkyPilot's is what is usual", () => {
  expect(namedImage({ "us-east-1": "ami-a", "us-west-2": "ami-b" }, "us-west-2")).toBe("ami-b")
  expect(namedImage({ "*": "skypilot:gpu-ubuntu-2004" }, "us-east-1")).toBeNull()
  expect(namedImage(undefined, "us-east-1")).toBeNull()
})
