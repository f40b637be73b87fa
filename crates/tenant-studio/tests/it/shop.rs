//! A tenant's data that look like somebody's: goods, customers and their orders.

use crate::browser::Site;

/// The tenant that has them is acme; the first fifty orders have numbers from 1001.
pub(crate) async fn shop() -> Site {
    let site = Site::new().await;
    site.sql("acme", SHOP).await;
    site
}

pub(crate) const SHOP: &str = "\
    CREATE TYPE order_state AS ENUM ('placed', 'paid', 'shipped', 'returned');
    CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL, email text UNIQUE, city text, \
        joined date NOT NULL DEFAULT current_date);
    CREATE TABLE products (id int PRIMARY KEY, title text NOT NULL, price numeric(8, 2) NOT NULL CHECK (price > 0), \
        tags text[], details jsonb);
    CREATE TABLE orders (id int PRIMARY KEY, customer_id int NOT NULL REFERENCES customers, \
        state order_state NOT NULL DEFAULT 'placed', total numeric(10, 2) NOT NULL, note text, \
        placed_at timestamptz NOT NULL);
    CREATE TABLE order_items (order_id int REFERENCES orders, product_id int REFERENCES products, \
        quantity int NOT NULL DEFAULT 1, PRIMARY KEY (order_id, product_id));
    CREATE INDEX orders_by_customer ON orders (customer_id, placed_at DESC);
    CREATE VIEW revenue_by_city AS SELECT city, sum(total) AS revenue FROM orders \
        JOIN customers ON customers.id = customer_id GROUP BY city;
    COMMENT ON TABLE orders IS 'What was ordered, from the basket to the parcel';
    COMMENT ON COLUMN orders.total IS 'With tax, in euros';
    INSERT INTO customers SELECT i, \
        (ARRAY['Ada Lindqvist', 'Bruno Keller', 'Chiara Moretti', 'Daan Visser', 'Elif Yılmaz', 'Femi Adeyemi', \
            'Greta Holm', 'Hugo Laurent'])[i], \
        (ARRAY['ada', 'bruno', 'chiara', 'daan', 'elif', 'femi', 'greta', NULL])[i] || '@example.com', \
        (ARRAY['Malmö', 'Bern', 'Torino', 'Utrecht', 'Ankara', 'Lagos', 'Aarhus', 'Lyon'])[i], date '2026-01-05' + i * 17 \
        FROM generate_series(1, 8) i;
    INSERT INTO products SELECT i, \
        (ARRAY['Desk lamp', 'Oak shelf', 'Wool blanket', 'Kettle', 'Enamel mug', 'Notebook'])[i], i * 12.5 + 4.4, \
        (ARRAY['{light,office}', '{wood}', NULL, '{kitchen}', '{kitchen,gift}', '{office,paper}'])[i]::text[], \
        jsonb_build_object('weight_g', i * 180, 'colours', ARRAY['black', 'sand']) \
        FROM generate_series(1, 6) i;
    INSERT INTO orders SELECT 1000 + i, i * 5 % 8 + 1, \
        (ARRAY['placed', 'paid', 'shipped', 'shipped', 'returned'])[i * 3 % 5 + 1]::order_state, (i * 37 % 90 + 12) * 1.25, \
        CASE i % 4 WHEN 0 THEN 'Please ring twice' WHEN 2 THEN '' END, \
        timestamptz '2026-03-01 08:15:00+00' + i * interval '7 hours 13 minutes' \
        FROM generate_series(1, 120) i;
    INSERT INTO order_items SELECT 1000 + i, (i + n * 2) % 6 + 1, n FROM generate_series(1, 120) i, generate_series(1, 2) n;
    ANALYZE";
