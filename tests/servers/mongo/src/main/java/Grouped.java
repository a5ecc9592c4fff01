import de.bwaldvogel.mongo.MongoCollection;
import de.bwaldvogel.mongo.backend.Index;
import de.bwaldvogel.mongo.backend.IndexKey;
import de.bwaldvogel.mongo.backend.Utils;
import de.bwaldvogel.mongo.bson.Document;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** An index that is not unique, of the first of its fields: where the documents of each value are. As the library has
 * it, such an index serves nothing. It is kept in memory and made anew at the start. */
class Grouped<P> extends Index<P> {
    private final String field;
    private final Map<Object, Map<Object, P>> places = new HashMap<>(); // value → _id → position

    Grouped(String name, List<IndexKey> keys) {
        super(name, keys, true);
        this.field = keys.get(0).getKey();
    }

    @Override public boolean canHandle(Document query) {
        return query.containsKey(field) && wanted(query) != null;
    }

    @Override public Iterable<P> getPositions(Document query) {
        List<P> found = new ArrayList<>();
        for (Object value : wanted(query)) {
            found.addAll(places.getOrDefault(same(value), Map.of()).values());
        }
        return found;
    }

    /** The values that the query asks for, each once; null if it does not say. */
    private Collection<?> wanted(Document query) {
        Object asked = query.get(field);
        if (asked instanceof Document && ((Document) asked).get("$in") instanceof Collection) {
            Map<Object, Object> each = new LinkedHashMap<>();
            for (Object value : (Collection<?>) ((Document) asked).get("$in")) {
                each.put(same(value), value);
            }
            return each.values().stream().allMatch(Grouped::plain) ? each.values() : null;
        }
        return plain(asked) ? List.of(asked) : null;
    }

    /** 1 and 1.0 are one value. */
    private static Object same(Object value) {
        return value instanceof Number ? (Object) (((Number) value).doubleValue() + 0.0) : value;
    }

    private static boolean plain(Object value) {
        return value instanceof String || value instanceof Number || value instanceof Boolean;
    }

    @Override public void add(Document document, P position, MongoCollection<P> collection) {
        for (Object value : values(document)) {
            places.computeIfAbsent(value, each -> new LinkedHashMap<>()).put(document.get("_id"), position);
        }
    }

    @Override public P remove(Document document) {
        for (Object value : values(document)) {
            Map<Object, P> group = places.get(value);
            if (group != null && group.remove(document.get("_id")) != null && group.isEmpty()) {
                places.remove(value);
            }
        }
        return null; // others say where it was
    }

    private Collection<?> values(Document document) {
        Object value = Utils.getSubdocumentValueCollectionAware(document, field);
        Collection<?> all = value instanceof Collection ? (Collection<?>) value : Arrays.asList(value);
        return all.stream().filter(Grouped::plain).map(Grouped::same).distinct().toList();
    }

    @Override public void updateInPlace(Document before, Document after, P position, MongoCollection<P> collection) {
        if (!values(before).equals(values(after))) {
            remove(before);
            add(after, position, collection);
        }
    }

    @Override public P getPosition(Document document) {
        return null;
    }

    @Override public void checkAdd(Document document, MongoCollection<P> collection) {}

    @Override public void checkUpdate(Document before, Document after, MongoCollection<P> collection) {}

    @Override public long getCount() {
        return places.size();
    }

    @Override public long getDataSize() {
        return 0;
    }

    @Override public void drop() {
        places.clear();
    }
}
