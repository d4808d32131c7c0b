/** The connections to the agents of one cluster's nodes. */
import type { NodeId } from "../../../events/ids.ts"
import type { AgentLink } from "./AgentLink.ts"

export class Links {
  private readonly all = new Map<NodeId, AgentLink>()

  /** One that is open. */
  to(node: NodeId): AgentLink | undefined {
    const link = this.all.get(node)
    return link?.isOpen ? link : undefined
  }

  /** There was one, and it closed. */
  isLost(node: NodeId): boolean {
    return this.all.get(node)?.isOpen === false
  }

  /** `whenLost`: it closed, and was not dropped by us. */
  keep(node: NodeId, link: AgentLink, whenLost: () => void): void {
    this.all.set(node, link)
    link.whenClosed(() => {
      if (this.all.get(node) === link) whenLost()
    })
  }

  drop(node: NodeId): void {
    const link = this.all.get(node)
    this.all.delete(node)
    link?.end()
  }

  dropAll(): void {
    for (const node of this.all.keys()) this.drop(node)
  }
}
