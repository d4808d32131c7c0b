/** What people are told to type at a cloud's own command line: as it is, for machines of several places too. */
import { expect, it } from "vitest"
import { lookByHand as awsLook, endByHand as ofAws } from "../../daemon/clouds/aws/by-hand.ts"
import { lookByHand as gcpLook, endByHand as ofGcp } from "../../daemon/clouds/gcp/by-hand.ts"

const machine = (host: string | null, region: string) => ({ host, node: "01N-0", region, zone: `${region}-a` }) as never

it("ends machines by what their cloud calls them, each where it is", () => {
  const machines = [machine("m-1", "east"), machine("m-2", "west"), machine("m-3", "east")]
  expect(ofAws(machines)).toBe(
    "aws ec2 terminate-instances --region east --instance-ids m-1 m-3; aws ec2 terminate-instances --region west --instance-ids m-2"
  )
  expect(ofGcp(machines, "lab-1")).toBe(
    "gcloud compute instances delete --project lab-1 --zone east-a m-1 m-3; gcloud compute instances delete --project lab-1 --zone west-a m-2"
  )
  expect(ofGcp([machines[1]!], null)).toBe("gcloud compute instances delete --zone west-a m-2")
})

it("looks for what carries a cluster's tag", () => {
  expect(awsLook("01A" as never, "east")).toBe("aws ec2 describe-instances --region east --filters Name=tag:skyd-cluster,Values=01A")
  expect(gcpLook("01A" as never, "lab-1")).toBe("gcloud compute instances list --project lab-1 --filter=labels.skyd-cluster=01a")
})
