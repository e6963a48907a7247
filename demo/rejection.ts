/** Why a record is not loaded. */
export class Rejection extends Error {
  override readonly name = "Rejection";
}
