/** A module that fails while it is loaded. */
export default missing();

function missing(): never {
  throw new Error("no configuration");
}
