"""Documents that several flow tests ask."""

from gateway.intake.sample_demo import DEMO

# Names that every role but the administrators knows.
COMMON = """query Common($uscc: String!, $access: Access) {
  enterprise(by: {uscc: $uscc}, access: $access) {
    id name uscc status address legalRepresentative { name } matched { kind historical }
    licenses(first: 5) { nodes { documentNumber content standing } }
    penalties(first: 20) {
      nodes { documentNumber fine facts procedure severity disputed standing }
      pageInfo { hasNextPage endCursor }
    }
  }
}"""

PERSON = """query Person($idNumber: String!, $name: String!, $access: Access) {
  person(by: {idNumber: $idNumber, name: $name}, access: $access) {
    id name idNumber licenses { nodes { documentNumber } } penalties { nodes { id documentNumber facts } }
  }
}"""

LEGAL = {"uscc": DEMO.enterprise_uscc}
INDIVIDUAL = {"uscc": DEMO.individual_uscc}
CITIZEN = {"idNumber": DEMO.citizen_id_number, "name": DEMO.citizen_name}
