/// A mapping whose keys are all known.
struct YAMLFields {
    let item: YAMLItem
    private let members: [(key: String, line: Int, value: YAMLItem)]

    /// Checks that `item` is a mapping, and that each of its keys is one of `keys`.
    init(_ item: YAMLItem, _ what: String, keys: [String]) throws(ScenarioError) {
        guard case .mapping(let members) = item.content else {
            throw item.error("expected \(what), a mapping, got \(item.kind)")
        }
        for member in members where !keys.contains(member.key) {
            throw ScenarioError(
                path: item.path, line: member.line, key: item.place.text,
                problem: NearestWord.problem(
                    "\(what) has no key \(YAMLItem.quoted(member.key))", member.key, keys))
        }
        self.item = item
        self.members = members
    }

    /// The value of a key, if it is there.
    subscript(key: String) -> YAMLItem? { members.first { $0.key == key }?.value }

    /// The value of a key that has to be there.
    func required(_ key: String) throws(ScenarioError) -> YAMLItem {
        guard let value = self[key] else { throw item.error("the key \"\(key)\" is missing") }
        return value
    }

    /// The only one of these keys that is there, with its value; none or several are an error.
    func exactlyOne(of keys: [String], _ what: String) throws(ScenarioError) -> (key: String, value: YAMLItem) {
        let found = members.filter { keys.contains($0.key) }
        guard found.count <= 1 else {
            throw found[1].value.error("\(what) has one of \"\(found[0].key)\" and \"\(found[1].key)\", not both")
        }
        guard let found = found.first else {
            throw item.error("\(what) needs one of the keys \(keys.joined(separator: ", "))")
        }
        return (found.key, found.value)
    }

    /// Refuses keys that say nothing beside `other`.
    func refuse(_ keys: [String], beside other: String) throws(ScenarioError) {
        for member in members where keys.contains(member.key) {
            throw member.value.error("\"\(member.key)\" says nothing beside \"\(other)\"")
        }
    }
}
