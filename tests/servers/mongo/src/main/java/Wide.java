import de.bwaldvogel.mongo.MongoCollection;
import de.bwaldvogel.mongo.backend.Index;
import de.bwaldvogel.mongo.backend.IndexKey;
import de.bwaldvogel.mongo.bson.Document;
import java.util.List;

/** A unique index of one field that serves every query which names the field. As the library has it, a query that names
 * another field besides is a scan. */
class Wide<P> extends Index<P> {
    private final Index<P> inner;
    private final String field;

    Wide(Index<P> inner, List<IndexKey> keys, boolean sparse) {
        super(inner.getName(), keys, sparse);
        this.inner = inner;
        this.field = keys.get(0).getKey();
    }

    @Override public boolean canHandle(Document query) {
        return query.containsKey(field) && inner.canHandle(alone(query));
    }

    /** What is found is compared with the whole query by who asks. */
    @Override public Iterable<P> getPositions(Document query) {
        return inner.getPositions(alone(query));
    }

    private Document alone(Document query) {
        return new Document(field, query.get(field));
    }

    @Override public P getPosition(Document document) {
        return inner.getPosition(document);
    }

    @Override public void checkAdd(Document document, MongoCollection<P> collection) {
        inner.checkAdd(document, collection);
    }

    @Override public void add(Document document, P position, MongoCollection<P> collection) {
        inner.add(document, position, collection);
    }

    @Override public P remove(Document document) {
        return inner.remove(document);
    }

    @Override public void checkUpdate(Document before, Document after, MongoCollection<P> collection) {
        inner.checkUpdate(before, after, collection);
    }

    @Override public void updateInPlace(Document before, Document after, P position, MongoCollection<P> collection) {
        inner.updateInPlace(before, after, position, collection);
    }

    @Override public long getCount() {
        return inner.getCount();
    }

    @Override public long getDataSize() {
        return inner.getDataSize();
    }

    @Override public boolean isUnique() {
        return inner.isUnique();
    }

    @Override public void drop() {
        inner.drop();
    }
}
