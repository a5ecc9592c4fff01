import de.bwaldvogel.mongo.MongoDatabase;
import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.AbstractMongoBackend;
import de.bwaldvogel.mongo.backend.CursorRegistry;
import de.bwaldvogel.mongo.backend.Index;
import de.bwaldvogel.mongo.backend.IndexKey;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import de.bwaldvogel.mongo.backend.h2.H2Database;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import de.bwaldvogel.mongo.backend.memory.MemoryDatabase;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.wire.message.MongoMessage;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Set;
import org.h2.mvstore.MVStore;

/** Arguments: a port (0: a free one), and a file if what is stored is to outlive the process. Ends with its input.
 *
 * Answers are copies made before the next command on that database runs: as the library has it they are the stored
 * documents themselves, which change while they are being written to the client, so that a reader sees half an update.
 * With a file a write is answered when it is in there, as MongoDB does with {j: true}; by itself the library writes once
 * a second.
 */
class Server {
    private static final Set<String> READS =
        Set.of("find", "getMore", "aggregate", "count", "distinct", "hello", "isMaster", "ismaster", "ping", "buildInfo");
    private static final int CACHE_MB = 128;
    private static final int THREADS = 32; // connections share them: who asks whether it is alive seldom waits

    public static void main(String[] args) throws Exception {
        AbstractMongoBackend backend = args.length > 1 ? new OnFile(args[1]) : new InMemory();
        MongoServer server = new MongoServer(backend.version(new Newer()));
        server.bind(new InetSocketAddress("127.0.0.1", Integer.parseInt(args[0])), 1, THREADS);
        System.out.println(server.getLocalAddress().getPort());
        System.in.transferTo(OutputStream.nullOutputStream());
        server.shutdownNow();
    }

    private static class InMemory extends MemoryBackend {
        @Override public Document handleMessage(MongoMessage message) {
            synchronized (resolveDatabase(message.getDatabaseName())) {
                return super.handleMessage(message).cloneDeeply();
            }
        }

        @Override public MemoryDatabase openOrCreateDatabase(String name) {
            return new Memory(name, getCursorRegistry());
        }
    }

    private static class Memory extends MemoryDatabase {
        Memory(String name, CursorRegistry cursors) {
            super(name, cursors);
        }

        @Override protected Index<Integer> openOrCreateUniqueIndex(
            String collection, String name, List<IndexKey> keys, boolean sparse
        ) {
            return widened(super.openOrCreateUniqueIndex(collection, name, keys, sparse), keys, sparse);
        }

        @Override protected Index<Integer> openOrCreateSecondaryIndex(
            String collection, String name, List<IndexKey> keys, boolean sparse
        ) {
            return new Grouped<>(name, keys);
        }
    }

    private static class OnFile extends H2Backend {
        OnFile(String name) {
            super(open(name));
        }

        /** Nothing is written but by commit(): never half of an update. */
        private static MVStore open(String name) {
            MVStore.Builder builder = new MVStore.Builder().fileName(name).cacheSize(CACHE_MB);
            MVStore store = builder.autoCommitDisabled().autoCommitBufferSize(0).open();
            store.setRetentionTime(0);
            return store;
        }

        @Override public synchronized Document handleMessage(MongoMessage message) {
            Document answer = super.handleMessage(message).cloneDeeply();
            if (!READS.contains(message.getDocument().keySet().iterator().next())) {
                commit();
            }
            return answer;
        }

        @Override protected MongoDatabase openOrCreateDatabase(String name) {
            return new Filed(name, getMvStore(), getCursorRegistry());
        }
    }

    private static class Filed extends H2Database {
        Filed(String name, MVStore store, CursorRegistry cursors) {
            super(name, store, cursors);
        }

        @Override protected Index<Object> openOrCreateUniqueIndex(
            String collection, String name, List<IndexKey> keys, boolean sparse
        ) {
            return widened(super.openOrCreateUniqueIndex(collection, name, keys, sparse), keys, sparse);
        }

        @Override protected Index<Object> openOrCreateSecondaryIndex(
            String collection, String name, List<IndexKey> keys, boolean sparse
        ) {
            return new Grouped<>(name, keys);
        }
    }

    private static <P> Index<P> widened(Index<P> index, List<IndexKey> keys, boolean sparse) {
        return keys.size() == 1 ? new Wide<>(index, keys, sparse) : index;
    }

    /** Today's drivers refuse to speak to the versions that the library names. */
    private record Newer() implements MongoVersion {
        public List<Integer> getVersionArray() { return List.of(7, 0, 0); }
        public int getWireVersion() { return 21; }
    }
}
