import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.AbstractMongoBackend;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.wire.message.MongoMessage;
import java.io.OutputStream;
import java.util.List;

/** Arguments: a port (0: a free one), and a file if what is stored is to outlive the process. Ends with its input.
 *
 * Answers are copies made before the next command runs: as the library has it they are the stored documents themselves,
 * which change while they are being written to the client, so that a reader sees half an update.
 */
class Server {
    public static void main(String[] args) throws Exception {
        AbstractMongoBackend backend = args.length > 1
            ? new H2Backend(args[1]) {
                @Override public synchronized Document handleMessage(MongoMessage message) {
                    return super.handleMessage(message).cloneDeeply();
                }
            }
            : new MemoryBackend() {
                @Override public synchronized Document handleMessage(MongoMessage message) {
                    return super.handleMessage(message).cloneDeeply();
                }
            };
        MongoServer server = new MongoServer(backend.version(new Newer()));
        server.bind("127.0.0.1", Integer.parseInt(args[0]));
        System.out.println(server.getLocalAddress().getPort());
        System.in.transferTo(OutputStream.nullOutputStream());
        server.shutdownNow();
    }

    /** Today's drivers refuse to speak to the versions that the library names. */
    private record Newer() implements MongoVersion {
        public List<Integer> getVersionArray() { return List.of(7, 0, 0); }
        public int getWireVersion() { return 21; }
    }
}
