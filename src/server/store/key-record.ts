/** A key as it is stored: never the key itself, only its hash. Budgets and sums are exact and of any size, FLOPs. */
export interface KeyRecord {
  /** Short public name of the key in lists and logs, such as `k3f9a2`. */
  readonly id: string
  /** For people: whose key it is. */
  readonly label: string
  readonly budget: bigint
  /** Sum of the settled runs. */
  readonly used: bigint
  /** Sum of the reservations in flight. */
  readonly reserved: bigint
  readonly revoked: boolean
  /** Whether it may know what is true (see `disclosure.ts`). */
  readonly instructor: boolean
  /** Milliseconds since 1970. */
  readonly createdAt: number
}
