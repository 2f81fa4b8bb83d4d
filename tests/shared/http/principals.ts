/** The header `x-ms-client-principal` as Easy Auth writes it. */
export function principalHeader(roles: readonly string[], { auth_typ = "aad", name = "ada@example.org" } = {}): string {
  const claims = [
    {
      typ: "http://schemas.microsoft.com/identity/claims/objectidentifier",
      val: "7d9f4b1c-0000-4000-8000-000000000001",
    },
    ...(name ? [{ typ: "preferred_username", val: name }] : []),
    ...roles.map((val) => ({ typ: "roles", val })),
  ];
  const principal = { auth_typ, claims, name_typ: "preferred_username", role_typ: "roles" };
  return Buffer.from(JSON.stringify(principal)).toString("base64");
}
